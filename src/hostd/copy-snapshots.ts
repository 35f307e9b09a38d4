import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { copyLayer } from './copy-layer.ts';
import type { LayerDirectories } from './layer-directories.ts';
import { removeTree } from './removal.ts';
import { settle } from './settle.ts';
import type { CommitRequest, Snapshot, Snapshotter, View, ViewRequest } from './snapshotter.ts';
import { StatList } from './stat-list.ts';

/** A whole root, which is changed in place. */
interface WorkingRoot {
  readonly path: string;
  /** The layers that it shows now. */
  readonly layerIds: readonly string[];
}

export interface CopyParts {
  readonly tempDir: string;
  /** With whiteouts as files. */
  readonly layers: LayerDirectories;
}

/**
 * Needs no mounts: each stage has a working root that its steps change one after the other, so that a step costs a walk.
 * The first step of a stage copies the directories of its layers together.
 */
export class CopySnapshotter implements Snapshotter {
  readonly name = 'copy';
  readonly opensAhead = false;
  readonly #parts: CopyParts;
  #idle: WorkingRoot[] = [];

  constructor(parts: CopyParts) {
    this.#parts = parts;
  }

  async open(layerIds: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const root = this.#takeIdle(layerIds) ?? this.#makeRoot();
    await this.#addLayers(root, layerIds.slice(root.layerIds.length), signal);
    return new CopySnapshot({ path: root.path, layerIds }, { ...this.#parts, reuse: (idle) => this.#idle.push(idle) });
  }

  async #addLayers({ path }: WorkingRoot, layerIds: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      for (const layer of await this.#parts.layers.paths(layerIds, signal)) await copyLayer(layer, path, signal);
    } catch (error) {
      await removeTree(path);
      throw error;
    }
  }

  /** A single directory of which nothing is hidden shows itself; all else is copied together, for this view alone. */
  async view({ folder, lowers, writable }: ViewRequest): Promise<View> {
    const [first] = lowers;
    const unmount = async (): Promise<void> => {};
    if (!writable && first !== undefined && lowers.length === 1) return { merged: first, unmount };
    const merged = join(folder, 'merged');
    mkdirSync(merged);
    for (const lower of lowers) await copyLayer(lower, merged);
    return { merged, unmount };
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.map(({ path }) => removeTree(path)));
    this.#idle = [];
  }

  /** That which shows most of the wanted layers, and nothing else. */
  #takeIdle(layerIds: readonly string[]): WorkingRoot | undefined {
    const fitting = this.#idle.filter((root) => root.layerIds.every((id, index) => id === layerIds[index]));
    const [best] = fitting.sort((a, b) => b.layerIds.length - a.layerIds.length);
    this.#idle = this.#idle.filter((root) => root !== best);
    return best;
  }

  #makeRoot(): WorkingRoot {
    const path = mkdtempSync(join(this.#parts.tempDir, 'root-'));
    return { path, layerIds: [] };
  }
}

interface CopySnapshotParts extends CopyParts {
  /** Takes back a root that later steps of the stage can go on with. */
  readonly reuse: (root: WorkingRoot) => void;
}

class CopySnapshot implements Snapshot {
  readonly keepsChangesApart = false;
  readonly merged: string;
  readonly contents: string;
  packed: ReadonlySet<string> = new Set();
  readonly #layerIds: readonly string[];
  readonly #parts: CopySnapshotParts;
  readonly #before: StatList;
  #end: 'open' | 'given' | 'closed' = 'open';

  constructor({ path, layerIds }: WorkingRoot, parts: CopySnapshotParts) {
    this.merged = path;
    this.contents = path;
    this.#layerIds = layerIds;
    this.#parts = parts;
    this.#before = new StatList(path);
  }

  /** There is but one root, with the changes in it: what was mounted for the command went before its answer. */
  hide(): void {}

  changes(): ReturnType<Snapshot['changes']> {
    return this.#before.changes();
  }

  async commit({ id, times }: CommitRequest): Promise<void> {
    const timeBelow = (path: string): bigint | undefined => this.#before.modificationTime(path);
    settle(this.merged, { packed: this.packed, times, timeBelow });
    this.#end = 'given';
    this.#parts.reuse({ path: this.merged, layerIds: [...this.#layerIds, id] });
  }

  /** A whole root of its own. */
  async keep(id: string): Promise<readonly string[]> {
    this.#end = 'given';
    await this.#parts.layers.adopt(id, this.merged);
    return [id];
  }

  async close(): Promise<void> {
    if (this.#end === 'open') await removeTree(this.merged);
    this.#end = 'closed';
  }
}
