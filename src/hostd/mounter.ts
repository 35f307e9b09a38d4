import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf, toHostError } from '../io/host-error.ts';
import { type Libc, loadLibc } from '../io/libc/libc.ts';
import { MountAttribute, MountFlag, UNMOUNT_DETACH } from '../io/libc/mounts.ts';
import { atPlace, atSurePlace } from './pinned.ts';

/**
 * Mounts in the namespace of this process, exactly at the paths that are given, which have no symbolic links: one that a
 * command put in the way is not followed.
 */
export interface Mounter {
  /** Nothing is mounted: what is asked for in memory is a folder like others. */
  readonly isOnDisk?: true;
  /** A directory with all that is mounted in it, or a file. */
  bind(source: string, target: string, options?: { readonly readOnly?: boolean }): Promise<void>;
  /** A mount and all that is mounted in it to another directory; where only programs can mount, there is no such thing. */
  move?(source: string, target: string): Promise<void>;
  /** A file system of its own; `data` as for mount(8) `-o`. */
  fileSystem(type: string, target: string, data: string): Promise<void>;
  /** An overlay whose option paths and target are relative to `folder`: they are short, and all must fit into a page. */
  overlay(folder: string, data: string, target: string): Promise<void>;
  /** Makes a mount and all in it read-only. */
  protect(target: string): Promise<void>;
  /**
   * Takes the mount and all in it out of the tree at once; it ends when nothing uses it any more. One that a command took
   * elsewhere goes with the mount that it lies in.
   */
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
      const flags = MountFlag.bind | MountFlag.recursive;
      attempt('bind', target, () => atSurePlace(target, (place) => libc.mount(source, place, null, flags, null)));
      if (readOnly) await this.protect(target);
    },
    async move(source, target) {
      attempt('move a mount to', target, () =>
        atSurePlace(target, (place) => libc.mount(source, place, null, MountFlag.move, null)),
      );
    },
    async fileSystem(type, target, data) {
      const flags = type === 'devpts' || target.endsWith('/dev') ? MountFlag.noSuid : PROTECTED;
      attempt(`mount ${type} on`, target, () =>
        atSurePlace(target, (place) => libc.mount(type, place, type, flags, data)),
      );
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
      attempt('protect', target, () => atSurePlace(target, (place) => makeReadOnly(libc, place, target)));
    },
    async unmount(target) {
      attempt('unmount', target, () => atPlace(target, (place) => libc.unmount(place, UNMOUNT_DETACH)));
    },
  };
}

/** mount_setattr(2) keeps the flags that a user namespace may not take away; older kernels need them repeated. */
function makeReadOnly(libc: Libc, place: string, target: string): void {
  try {
    libc.setMountAttributes(place, MountAttribute.readOnly, true);
  } catch (error) {
    if (errnoOf(error) !== 'ENOSYS') throw error;
    const flags = MountFlag.bind | MountFlag.remount | MountFlag.readOnly | currentFlags(target);
    libc.mount('none', place, null, flags, null);
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

function attempt(doing: string, path: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    throw errnoOf(error) === undefined ? error : toHostError(error, doing, path);
  }
}

const run = promisify(execFile);

/** Without koffi: the programs mount and umount. */
function createProgramMounter(): Mounter {
  const mount = (args: readonly string[], cwd = '/'): Promise<unknown> => run('mount', ['-n', ...args], { cwd });
  const check = (target: string): void => atSurePlace(target, () => {});
  return {
    async bind(source, target, { readOnly = false } = {}) {
      check(target);
      await mount(['--rbind', source, target]);
      if (readOnly) await mount(['-o', 'remount,bind,ro', target]);
    },
    async fileSystem(type, target, data) {
      check(target);
      await mount(['-t', type, '-o', ['nosuid', data].filter((part) => part !== '').join(','), type, target]);
    },
    async overlay(folder, data, target) {
      await mount(['-t', 'overlay', '-o', data, 'overlay', target], folder);
    },
    async protect(target) {
      await mount(['-o', 'remount,bind,ro', target]);
    },
    async unmount(target) {
      if (atPlace(target, () => true) !== undefined) await run('umount', ['-n', '-l', target]);
    },
  };
}
