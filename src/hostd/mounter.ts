import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf, toHostError } from '../io/host-error.ts';
import { type Libc, loadLibc, MountAttribute, MountFlag, UNMOUNT_DETACH } from '../io/libc.ts';

/** Mounts in the namespace of this process. */
export interface Mounter {
  /** A directory with all that is mounted in it, or a file. */
  bind(source: string, target: string, options?: { readonly readOnly?: boolean }): Promise<void>;
  /** A file system of its own; `data` as for mount(8) `-o`. */
  fileSystem(type: string, target: string, data: string): Promise<void>;
  /** An overlay whose option paths and target are relative to `folder`: they are short, and all must fit into a page. */
  overlay(folder: string, data: string, target: string): Promise<void>;
  /** Makes a mount and all in it read-only. */
  protect(target: string): Promise<void>;
  /** Takes the mount and all in it out of the tree at once; it ends when nothing uses it any more. */
  unmount(target: string): Promise<void>;
}

export function createMounter(): Mounter {
  const libc = loadLibc();
  return libc === undefined ? createProgramMounter() : createLibcMounter(libc);
}

/** What every file system of ours forbids, and bind mounts of a command too, as far as the kernel lets us. */
const PROTECTED = MountFlag.noSuid | MountFlag.noDev;

function createLibcMounter(libc: Libc): Mounter {
  return {
    async bind(source, target, { readOnly = false } = {}) {
      attempt('bind', target, () => libc.mount(source, target, null, MountFlag.bind | MountFlag.recursive, null));
      if (readOnly) attempt('protect', target, () => makeReadOnly(libc, target));
    },
    async fileSystem(type, target, data) {
      const flags = type === 'devpts' || target.endsWith('/dev') ? MountFlag.noSuid : PROTECTED;
      attempt(`mount ${type} on`, target, () => libc.mount(type, target, type, flags, data));
    },
    async overlay(folder, data, target) {
      const before = process.cwd();
      try {
        process.chdir(folder);
        attempt('mount overlay on', folder, () => libc.mount('overlay', target, 'overlay', 0, data));
      } finally {
        process.chdir(before);
      }
    },
    async protect(target) {
      attempt('protect', target, () => makeReadOnly(libc, target));
    },
    async unmount(target) {
      attempt('unmount', target, () => libc.unmount(target, UNMOUNT_DETACH));
    },
  };
}

/** mount_setattr(2) keeps the flags that a user namespace may not take away; older kernels need them repeated. */
function makeReadOnly(libc: Libc, target: string): void {
  try {
    libc.setMountAttributes(target, MountAttribute.readOnly, true);
  } catch (error) {
    if (errnoOf(error) !== 'ENOSYS') throw error;
    const flags = MountFlag.bind | MountFlag.remount | MountFlag.readOnly | currentFlags(target);
    libc.mount('none', target, null, flags, null);
  }
}

function currentFlags(target: string): number {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .findLast((entry) => entry.split(' ')[4] === target);
  const options = new Set(line?.split(' ')[5]?.split(','));
  const known = { nosuid: MountFlag.noSuid, nodev: MountFlag.noDev, noexec: MountFlag.noExec };
  return Object.entries(known).reduce((flags, [name, flag]) => (options.has(name) ? flags | flag : flags), 0);
}

function attempt(doing: string, path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw toHostError(error, doing, path);
  }
}

const run = promisify(execFile);

/** Without koffi: the programs mount and umount. */
function createProgramMounter(): Mounter {
  const mount = (args: readonly string[], cwd = '/'): Promise<unknown> => run('mount', ['-n', ...args], { cwd });
  return {
    async bind(source, target, { readOnly = false } = {}) {
      await mount(['--rbind', source, target]);
      if (readOnly) await mount(['-o', 'remount,bind,ro', target]);
    },
    async fileSystem(type, target, data) {
      await mount(['-t', type, '-o', ['nosuid', data].filter((part) => part !== '').join(','), type, target]);
    },
    async overlay(folder, data, target) {
      await mount(['-t', 'overlay', '-o', data, 'overlay', target], folder);
    },
    async protect(target) {
      await mount(['-o', 'remount,bind,ro', target]);
    },
    async unmount(target) {
      await run('umount', ['-n', '-l', target]);
    },
  };
}
