import { chmodSync, chownSync, copyFileSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { StepError } from '../core/errors.ts';
import type { SandboxMount } from '../core/sandbox.ts';
import { toHostError } from '../io/host-error.ts';
import { resolveInRoot } from '../io/in-root.ts';
import type { RunMountRequest, SnapshotSource } from '../rootfs/host-messages.ts';
import { makeCacheFolder } from './cache-folder.ts';
import type { Cleanup } from './cleanup.ts';
import type { LayerDirectories } from './layer-directories.ts';
import type { MountPointKind } from './mount-point.ts';
import type { Mounter } from './mounter.ts';
import { removeTree } from './removal.ts';
import type { Snapshotter, View } from './snapshotter.ts';

/** Something that is ready to be mounted on a directory or a file. */
export interface MountSource {
  readonly kind: MountPointKind;
  mount(point: string, mounter: Mounter): Promise<void>;
}

export interface MountSourceParts {
  readonly tempDir: string;
  /** Of the run; in memory. */
  readonly filesDir: string;
  readonly layers: LayerDirectories;
  readonly snapshotter: Snapshotter;
  readonly signal: AbortSignal;
  readonly cleanup: Cleanup;
}

type RequestOf<K extends RunMountRequest['kind']> = Extract<RunMountRequest, { readonly kind: K }>;

/** Makes the sources of the mounts of one run. */
export class MountSources {
  readonly #parts: MountSourceParts;
  #files = 0;

  constructor(parts: MountSourceParts) {
    this.#parts = parts;
  }

  /** @throws StepError `STEP_MOUNT_SOURCE` when there is no such source */
  async prepare(request: RunMountRequest): Promise<MountSource> {
    switch (request.kind) {
      case 'bind':
        return bindOf(existing(request.source ?? '/'), request.readOnly);
      case 'tmpfs':
        return tmpfsOf(request);
      case 'file':
        return bindOf(this.#writeFile(request), true);
      case 'socket':
        return bindOf(owned(request), true);
      case 'cache':
        return bindOf(await this.#cacheFolder(request), request.readOnly);
      case 'snapshot':
        return bindOf(await this.#inLayers(request, !request.readOnly), request.readOnly);
      case 'context':
        return bindOf(request.readOnly ? existing(request.source) : await this.#writable(request), request.readOnly);
    }
  }

  /** A file whose content nobody keeps, such as a secret. */
  #writeFile({ content, mode, uid, gid, target }: RequestOf<'file'>): string {
    const path = join(this.#parts.filesDir, `${this.#files++}-${basename(target)}`);
    try {
      writeFileSync(path, Buffer.from(content, 'base64'));
      chownSync(path, uid, gid);
      chmodSync(path, mode);
      return path;
    } catch (error) {
      throw toHostError(error, 'provide', target);
    }
  }

  async #cacheFolder(request: RequestOf<'cache'>): Promise<string> {
    const { initial } = request;
    const openInitial = initial && (() => this.#inLayers(initial, false));
    return await makeCacheFolder(request, { tempDir: this.#parts.tempDir, openInitial });
  }

  /** A path in a stack of layers, which is mounted for it. */
  async #inLayers({ layerIds, source }: SnapshotSource, writable: boolean): Promise<string> {
    const lowers = await this.#parts.layers.paths(layerIds, this.#parts.signal);
    const { merged } = await this.#view(lowers, writable);
    const place = resolveInRoot(merged, source);
    if (place?.stats === undefined) throw noSource(source);
    return place.hostPath;
  }

  /** A directory or file of the host on which changes are kept apart, to be dropped. */
  async #writable({ source }: RequestOf<'context'>): Promise<string> {
    if (statSync(existing(source)).isDirectory()) return (await this.#view([source], true)).merged;
    const copy = join(this.#newFolder(), basename(source));
    copyFileSync(source, copy);
    return copy;
  }

  async #view(lowers: readonly string[], writable: boolean): Promise<View> {
    const view = await this.#parts.snapshotter.view({ folder: this.#newFolder(), lowers, writable });
    this.#parts.cleanup.add(view.unmount);
    return view;
  }

  /** On disk. */
  #newFolder(): string {
    const folder = mkdtempSync(join(this.#parts.tempDir, 'view-'));
    this.#parts.cleanup.add(() => removeTree(folder));
    return folder;
  }
}

function owned({ source, target, mode, uid, gid }: RequestOf<'socket'>): string {
  try {
    chownSync(source, uid, gid);
    chmodSync(source, mode);
    return source;
  } catch (error) {
    throw toHostError(error, 'provide', target);
  }
}

function bindOf(source: string, readOnly: boolean): MountSource {
  const kind = statSync(source).isDirectory() ? 'directory' : 'file';
  return { kind, mount: (point, mounter) => mounter.bind(source, point, { readOnly }) };
}

function tmpfsOf({ sizeBytes, mode = 0o1777, readOnly }: SandboxMount): MountSource {
  const options = [`mode=${mode.toString(8)}`, ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`])];
  return {
    kind: 'directory',
    async mount(point, mounter) {
      await mounter.fileSystem('tmpfs', point, options.join(','));
      if (readOnly) await mounter.protect(point);
    },
  };
}

function existing(source: string): string {
  if (statSync(source, { throwIfNoEntry: false }) === undefined) throw noSource(source);
  return source;
}

function noSource(source: string): StepError {
  return new StepError('STEP_MOUNT_SOURCE', `cannot mount ${JSON.stringify(source)}: there is no such path`, {
    hint: 'check source= of the mount, and from= for the stage or image that it is in',
  });
}
