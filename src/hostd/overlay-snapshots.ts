import { chmodSync, chownSync, lstatSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SnapshotterName } from '../core/sandbox.ts';
import { errnoOf } from '../io/host-error.ts';
import { listUpper } from './changes.ts';
import { Cleanup } from './cleanup.ts';
import type { LayerDirectories } from './layer-directories.ts';
import { Lowest } from './lowest.ts';
import { setModificationTime } from './modification-time.ts';
import type { Mounter } from './mounter.ts';
import { type MountOverlay, OVERLAY_FRAME, type Overlay } from './overlay.ts';
import { OverlayFrames } from './overlay-frames.ts';
import { removeFrame } from './removal.ts';
import { settle } from './settle.ts';
import type { CommitRequest, Snapshot, Snapshotter, View, ViewRequest } from './snapshotter.ts';

export interface OverlayParts {
  readonly name: SnapshotterName;
  /** For what this host keeps to itself; on the file system of the layers. */
  readonly ownDir: string;
  readonly layers: LayerDirectories;
  readonly mounter: Mounter;
  readonly mount: MountOverlay;
  /** Brings an upper directory, whose overlay is gone, into the form that the directories of layers have. */
  readonly normalise?: (upper: string) => void;
}

/** Stacks the directories of layers with a fresh one on top that takes all changes, and becomes that of a layer. */
export class OverlaySnapshotter implements Snapshotter {
  readonly opensAhead = true;
  readonly #parts: OverlayParts;
  readonly #lowest: Lowest;
  readonly #frames: OverlayFrames;

  constructor(parts: OverlayParts) {
    this.#parts = parts;
    this.#lowest = new Lowest(parts.ownDir);
    this.#frames = new OverlayFrames(parts.ownDir);
  }

  get name(): SnapshotterName {
    return this.#parts.name;
  }

  async open(layerIds: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const { layers, mount } = this.#parts;
    const lowers = await layers.paths(layerIds, signal);
    const folder = this.#frames.take();
    const overlay = await mount({ folder, lowers: [...this.#lowest.below(lowers), ...lowers], writable: true });
    setRootMetadata(overlay.upper, lowers.at(-1));
    const leaveFrame = (): void => this.#frames.leave(folder);
    return new OverlaySnapshot({ folder, lowers, layerIds, leaveFrame }, { ...overlay, ...this.#parts });
  }

  async view(request: ViewRequest): Promise<View> {
    const { merged } = await this.#parts.mount(request);
    return { merged, unmount: () => unmountPoint(this.#parts.mounter, merged) };
  }

  /** What it has in its folder goes with that. */
  async close(): Promise<void> {}
}

interface OverlayPlace {
  readonly folder: string;
  readonly lowers: readonly string[];
  readonly layerIds: readonly string[];
  /** For the next one. */
  readonly leaveFrame: () => void;
}

class OverlaySnapshot implements Snapshot {
  readonly keepsChangesApart = true;
  readonly merged: string;
  readonly contents: string;
  packed: ReadonlySet<string> = new Set();
  readonly #place: OverlayPlace;
  readonly #parts: Overlay & OverlayParts;
  #isKept = false;
  #unmounting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(place: OverlayPlace, parts: Overlay & OverlayParts) {
    this.#place = place;
    this.#parts = parts;
    this.merged = parts.merged;
    this.contents = parts.upper;
  }

  hide(mounts: Cleanup): void {
    const hidden = this.#unmounting === undefined ? this.#unmount(mounts) : mounts.run();
    hidden.catch(() => {});
  }

  changes(): ReturnType<Snapshot['changes']> {
    return listUpper(this.contents, this.merged);
  }

  async commit({ id, times }: CommitRequest): Promise<void> {
    settle(this.contents, { packed: this.packed, times, timeBelow: (path) => this.#timeBelow(path) });
    await this.keep(id);
  }

  async keep(id: string): Promise<readonly string[]> {
    const { layers, normalise } = this.#parts;
    await this.#unmount();
    normalise?.(this.contents);
    await layers.adopt(id, this.contents);
    this.#isKept = true;
    return [...this.#place.layerIds, id];
  }

  close(): Promise<void> {
    const { folder, leaveFrame } = this.#place;
    this.#closing ??= this.#unmount().then(() => (this.#isKept ? leaveFrame() : removeFrame(folder, OVERLAY_FRAME)));
    return this.#closing;
  }

  /** The changes stay. */
  #unmount(mounts = new Cleanup()): Promise<void> {
    this.#unmounting ??= mounts.run().finally(() => unmountPoint(this.#parts.mounter, this.merged));
    return this.#unmounting;
  }

  #timeBelow(path: string): bigint | undefined {
    return this.#place.lowers
      .toReversed()
      .map((lower) => timeIfThere(join(lower, path)))
      .find((time) => time !== undefined);
  }
}

async function unmountPoint(mounter: Mounter, point: string): Promise<void> {
  await mounter.unmount(point);
  rmdirSync(point);
}

function timeIfThere(path: string): bigint | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
  } catch (error) {
    // What is a directory now was something else below.
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The root of an overlay is that of its upper directory. */
function setRootMetadata(upper: string, below: string | undefined): void {
  const { mode, uid, gid, mtimeNs } = lstatSync(below ?? upper, { bigint: true });
  chownSync(upper, Number(uid), Number(gid));
  chmodSync(upper, below === undefined ? 0o755 : Number(mode & 0o7777n));
  setModificationTime(upper, mtimeNs);
}
