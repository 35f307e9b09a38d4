import { execFile } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { StepError } from '../core/errors.ts';
import type { HostFlavor, RunRequest } from '../rootfs/host-messages.ts';
import type { Cleanup } from './cleanup.ts';
import type { DeviceFolders } from './device-folder.ts';
import type { IsolatedNetwork } from './isolated-network.ts';
import type { LayerDirectories } from './layer-directories.ts';
import type { Leisure } from './leisure.ts';
import { type MountPointKind, makeMountPoint, removeStub } from './mount-point.ts';
import { type MountSource, MountSources } from './mount-sources.ts';
import type { Mounter } from './mounter.ts';
import { hostsFile, resolvFile } from './network-files.ts';
import { removeFrame } from './removal.ts';
import type { Snapshotter } from './snapshotter.ts';

export interface RunRootParts {
  readonly tempDir: string;
  /** Folder in memory for what is mounted on only. */
  readonly pointsDir: string;
  readonly mounter: Mounter;
  readonly flavor: HostFlavor;
  readonly layers: LayerDirectories;
  readonly snapshotter: Snapshotter;
  readonly devices: DeviceFolders;
  readonly leisure: Leisure;
  readonly signal: AbortSignal;
  /** For commands with a network of their own. */
  readonly network?: IsolatedNetwork | undefined;
  /** Takes away all that was mounted or made, as it was. */
  readonly cleanup: Cleanup;
}

/** A root for one command, with everything mounted but what its own namespaces must mount. */
export interface RunRoot {
  readonly path: string;
  /** In memory. */
  readonly scratch: string;
  /** Something was made in the snapshot for a mount, and is there until all is taken away. */
  readonly marksSnapshot: boolean;
}

/** Mounts the root of a command over a merged snapshot. */
export async function mountRunRoot(merged: string, request: RunRequest, parts: RunRootParts): Promise<RunRoot> {
  const folder = mkdtempSync(join(parts.pointsDir, 'run-'));
  parts.cleanup.add(() => removeLater(folder, parts));
  const builder = new RootBuilder(folder, parts);
  await builder.start(merged);
  await builder.mountSystem(request);
  const sources = new MountSources({ ...parts, filesDir: builder.filesDir });
  for (const mount of request.mounts) await builder.mount(mount.target, await sources.prepare(mount));
  return { path: builder.root, scratch: builder.scratch, marksSnapshot: builder.marksSnapshot };
}

/** In memory nobody waits for it, and what is left goes with the file system; where nothing is mounted it lies on a disk. */
async function removeLater(folder: string, { mounter, leisure }: RunRootParts): Promise<void> {
  if (mounter.isOnDisk === true) await removeFolder(folder);
  else leisure.add(() => removeFolder(folder));
}

async function removeFolder(folder: string): Promise<void> {
  rmSync(memoryOf(folder), { recursive: true, force: true });
  await removeFrame(folder, [ROOT]);
}

const ROOT = 'root';

function memoryOf(folder: string): string {
  return join(folder, 'memory');
}

/** The root, and the directories in which a sandbox mounts by name, or takes /dev/null to hide files of the kernel with. */
const OF_THE_SANDBOX = ['', 'dev', 'proc', 'sys'];

class RootBuilder {
  readonly root: string;
  readonly filesDir: string;
  readonly scratch: string;
  readonly #parts: RunRootParts;
  readonly #memory: string;
  readonly #points: string[] = [];
  /** What was made in the snapshot itself for mounts, relative to it. */
  readonly #stubs: string[] = [];

  constructor(folder: string, parts: RunRootParts) {
    this.root = join(folder, ROOT);
    this.#memory = memoryOf(folder);
    this.filesDir = join(this.#memory, 'files');
    this.scratch = join(this.#memory, 'scratch');
    this.#parts = parts;
  }

  async start(merged: string): Promise<void> {
    const { mounter, cleanup } = this.#parts;
    for (const folder of [this.root, this.#memory, this.filesDir, this.scratch]) mkdirSync(folder);
    await mounter.bind(merged, this.root);
    cleanup.add(() => {
      for (const stub of this.#stubs.reverse()) removeStub(join(merged, stub));
    });
    // With all that is mounted in it.
    cleanup.add(() => mounter.unmount(this.root));
  }

  get marksSnapshot(): boolean {
    return this.#stubs.length > 0;
  }

  /** /dev, /sys, the place of /proc, and the files that say how to reach others. */
  async mountSystem(request: RunRequest): Promise<void> {
    const { shmSizeBytes } = request;
    const devices = this.#point('/dev', 'directory');
    await this.#mountAt(devices, (parts) => parts.devices.mountOn(devices, shmSizeBytes));
    this.#point('/proc', 'directory');
    await this.#mountSys(request);
    // The sandbox mounts there by name, in the host's root: a link would lead out.
    for (const path of OF_THE_SANDBOX) this.#checkNoLink(path);
    await this.mount(
      '/etc/resolv.conf',
      this.#textFile('resolv.conf', this.#parts.network?.resolvFile ?? resolvFile()),
    );
    await this.mount('/etc/hosts', this.#textFile('hosts', hostsFile(request)));
  }

  /** @throws StepError `STEP_MOUNT_TARGET` also for the places on which the walls of a sandbox are built */
  async mount(target: string, source: MountSource): Promise<void> {
    const point = this.#point(target, source.kind);
    const place = relative(this.root, point);
    if (OF_THE_SANDBOX.includes(place)) throw takenTarget(target, place);
    await this.#mountAt(point, ({ mounter }) => source.mount(point, mounter));
  }

  /** A fresh sysfs belongs to a network namespace: in a user namespace, whose network is the host's, it is bound. */
  async #mountSys({ security, network }: RunRequest): Promise<void> {
    const point = this.#point('/sys', 'directory');
    const readOnly = security === 'sandbox';
    await this.#mountAt(point, ({ mounter, flavor }) =>
      flavor === 'root'
        ? mountSysfs(mounter, point, network === 'none' ? EMPTY_NETWORK : this.#parts.network?.namespace).then(() =>
            readOnly ? mounter.protect(point) : undefined,
          )
        : mounter.bind('/sys', point, { readOnly }),
    );
  }

  #point(target: string, kind: MountPointKind): string {
    return makeMountPoint({ root: this.root, target, kind }, (stub) => {
      if (this.#isInMount(stub)) this.#parts.cleanup.add(() => removeStub(stub));
      else this.#stubs.push(relative(this.root, stub));
    });
  }

  /** Mounts go with the root; before it only what stands on something that was made in a folder which is kept. */
  async #mountAt(point: string, mount: (parts: RunRootParts) => Promise<void>): Promise<void> {
    await mount(this.#parts);
    if (this.#isInMount(point)) this.#parts.cleanup.add(() => this.#parts.mounter.unmount(point));
    this.#points.push(point);
  }

  #isInMount(path: string): boolean {
    return this.#points.some((point) => path.startsWith(`${point}/`));
  }

  #textFile(name: string, content: string): MountSource {
    const path = join(this.filesDir, name);
    writeFileSync(path, content);
    chmodSync(path, 0o644);
    return { kind: 'file', mount: (point, mounter) => mounter.bind(path, point, { readOnly: true }) };
  }

  #checkNoLink(name: string): void {
    if (lstatSync(join(this.root, name)).isDirectory()) return;
    throw new StepError('STEP_BAD_ROOT', `the root file system has a symbolic link at /${name}`, {
      hint: `make /${name} a directory in an earlier step`,
    });
  }
}

function takenTarget(target: string, place: string): StepError {
  const where = `/${place}` === target ? target : `${target}, which is /${place}`;
  return new StepError('STEP_MOUNT_TARGET', `cannot mount at ${where}: the sandbox needs that place itself`, {
    hint: 'choose another target, such as a directory in it',
  });
}

const EMPTY_NETWORK = Symbol('a network namespace without devices');

/** Shows the devices of the network namespace that mounts it (reference, section 10). */
async function mountSysfs(mounter: Mounter, point: string, network: string | typeof EMPTY_NETWORK | undefined) {
  if (network === undefined) return await mounter.fileSystem('sysfs', point, '');
  const enter = network === EMPTY_NETWORK ? ['unshare', '--net'] : ['nsenter', `--net=${network}`];
  const [program = '', ...args] = [...enter, 'mount', '-t', 'sysfs', '-o', 'nosuid,nodev', 'sysfs', point];
  await promisify(execFile)(program, args);
}
