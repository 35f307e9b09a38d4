/**
 * What a cache holds, by kind: layers with all that is known of them, manifests and configurations of images, directories
 * of layers for RUN, folders of cache mounts, what was fetched (`download`, `git`, `npm`), roots of commands of RUN that
 * `failed`, and what else takes space.
 */
export type ItemKind = 'layer' | 'image' | 'directory' | 'mount' | 'download' | 'git' | 'npm' | 'failed' | 'other';

/** Something that a cache holds and that is taken away as a whole. */
export interface CacheItem {
  readonly kind: ItemKind;
  /** Diff ID of a layer, digest of other content, name of a directory. */
  readonly id: string;
  /** Bytes on disk. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly usedMs: number;
  /** What it is for people: the instruction of a layer, the name of an image. */
  readonly text: string;
  /**
   * `named`: an image of the local store needs it. `cache`: a build may find it again. `shell`: somebody may want to look
   * at it. `nothing`: nobody can reach it.
   */
  readonly reachedBy: 'named' | 'cache' | 'shell' | 'nothing';
}

/** An item with its files, and what a build claims who uses it. */
export interface StoredItem extends CacheItem {
  readonly files: readonly string[];
  readonly directories: readonly string[];
  readonly claims: readonly string[];
}
