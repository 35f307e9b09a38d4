import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../io/host-error.ts';
import { loadLibc } from '../io/libc/libc.ts';
import type { HostFlavor } from '../rootfs/host-messages.ts';
import type { Mounter } from './mounter.ts';

const NODES: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  null: [1, 3],
  zero: [1, 5],
  full: [1, 7],
  random: [1, 8],
  urandom: [1, 9],
  tty: [5, 0],
};

const LINKS: Readonly<Record<string, string>> = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  core: '/proc/kcore',
  ptmx: 'pts/ptmx',
};

const S_IFCHR = 0o020000;
const TTY_GROUP = 5;

export interface DeviceFolderOptions {
  readonly mounter: Mounter;
  readonly flavor: HostFlavor;
  readonly shmSizeBytes?: number | undefined;
}

const DEFAULT_SHM_BYTES = 64 << 20;

export interface DeviceFoldersOptions extends Pick<DeviceFolderOptions, 'mounter' | 'flavor'> {
  readonly pointsDir: string;
}

/** A /dev for each command; one is kept ready where mounts can be moved, with what commands get that ask for nothing else. */
export class DeviceFolders {
  readonly #options: DeviceFoldersOptions;
  #ready: string | undefined;
  #isPreparing = false;

  constructor(options: DeviceFoldersOptions) {
    this.#options = options;
  }

  /** Mounts the next command's. */
  async prepare(): Promise<void> {
    const { mounter, pointsDir } = this.#options;
    if (mounter.move === undefined || this.#ready !== undefined || this.#isPreparing) return;
    this.#isPreparing = true;
    const target = join(pointsDir, 'ready', 'dev');
    try {
      mkdirSync(target, { recursive: true });
      await mountDevices(target, this.#options);
      this.#ready = target;
      this.#isPreparing = false;
    } catch {
      // What is mounted there by halves goes with the host: the next commands have theirs made when they begin.
    }
  }

  /** As {@link mountDevices}. */
  async mountOn(target: string, shmSizeBytes: number | undefined): Promise<void> {
    const { mounter } = this.#options;
    const ready = this.#ready;
    if (ready === undefined || shmSizeBytes !== undefined) {
      return await mountDevices(target, { ...this.#options, shmSizeBytes });
    }
    this.#ready = undefined;
    await mounter.move?.(ready, target);
  }
}

/** Mounts a private /dev with the standard nodes (runtime-spec, config-linux.md, "Default Devices") on a directory. */
export async function mountDevices(target: string, options: DeviceFolderOptions): Promise<void> {
  const { mounter, flavor, shmSizeBytes = DEFAULT_SHM_BYTES } = options;
  await mounter.fileSystem('tmpfs', target, 'mode=755,size=65536k');
  for (const [name, link] of Object.entries(LINKS)) symlinkSync(link, join(target, name));
  for (const name of ['pts', 'shm', 'mqueue']) mkdirSync(join(target, name));
  for (const [name, [major, minor]] of Object.entries(NODES)) {
    await makeNode(join(target, name), { name, major, minor }, { mounter, flavor });
  }
  const group = flavor === 'single-id' ? '' : `,gid=${TTY_GROUP}`;
  await mounter.fileSystem('devpts', join(target, 'pts'), `newinstance,ptmxmode=0666,mode=0620${group}`);
  await mounter.fileSystem('tmpfs', join(target, 'shm'), `mode=1777,size=${shmSizeBytes}`);
}

interface DeviceNode {
  readonly name: string;
  readonly major: number;
  readonly minor: number;
}

/** Who may not make nodes (as in a user namespace) binds the host's, read-only so that nobody changes their mode. */
async function makeNode(
  path: string,
  { name, major, minor }: DeviceNode,
  { mounter, flavor }: { readonly mounter: Mounter; readonly flavor: HostFlavor },
): Promise<void> {
  if (flavor === 'root' && isMade(path, { major, minor })) return chmodSync(path, 0o666);
  closeSync(openSync(path, 'wx'));
  await mounter.bind(join('/dev', name), path, { readOnly: true });
}

/** False without CAP_MKNOD, and without koffi. */
function isMade(path: string, { major, minor }: Pick<DeviceNode, 'major' | 'minor'>): boolean {
  const libc = loadLibc();
  if (libc === undefined) return false;
  try {
    libc.makeNode(path, S_IFCHR | 0o666, major, minor);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EPERM') return false;
    throw error;
  }
}
