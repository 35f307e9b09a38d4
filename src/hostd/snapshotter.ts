import type { SnapshotterName } from '../core/sandbox.ts';
import type { TimePolicy } from '../layers/tar-blocks.ts';
import type { ChangedPath } from '../rootfs/changed-path.ts';
import type { Cleanup } from './cleanup.ts';

/** A root file system made of the directories of layers, which takes all changes. */
export interface Snapshot {
  /** The root as commands see it. */
  readonly merged: string;
  /** Where the contents of changed paths are read, at the same paths. */
  readonly contents: string;
  /** Paths that the last packed layer has. */
  packed: ReadonlySet<string>;
  /** What is mounted over the root does not show in the changes. */
  readonly keepsChangesApart: boolean;
  /**
   * No command follows: the root need not be shown any more, and what was mounted for the last one goes before it. Contents
   * stay; what goes wrong is told by whoever commits.
   */
  hide(mounts: Cleanup): void;
  /** Every path that may have changed since the snapshot was opened, and the root. */
  changes(): readonly ChangedPath[];
  /**
   * Makes the changes those of a layer: later snapshots show what the unpacked layer would. Packed entries have the
   * layer's time; what did not change has that of the layer below again; sockets are gone.
   */
  commit(request: CommitRequest): Promise<void>;
  /** Keeps the root as it is, whatever a layer could hold of it, as directory `id`; gives the layers that show it again. */
  keep(id: string): Promise<readonly string[]>;
  /** Takes it away with what was not committed. Idempotent. */
  close(): Promise<void>;
}

export interface CommitRequest {
  readonly id: string;
  readonly times: TimePolicy;
}

export interface ViewRequest {
  /** New, empty folder for its parts. */
  readonly folder: string;
  /** Directories of layers, lowest first. */
  readonly lowers: readonly string[];
  /** Changes are kept in `folder`, never in the layers. */
  readonly writable: boolean;
}

/** Directories of layers seen as one. */
export interface View {
  readonly merged: string;
  unmount(): Promise<void>;
}

/** A way to make root file systems of the directories of layers. All give the same layers for the same commands. */
export interface Snapshotter {
  readonly name: SnapshotterName;
  /** Opening one more costs little. */
  readonly opensAhead: boolean;
  /** Of layers by their ids, lowest first. */
  open(layerIds: readonly string[], signal: AbortSignal): Promise<Snapshot>;
  view(request: ViewRequest): Promise<View>;
  close(): Promise<void>;
}
