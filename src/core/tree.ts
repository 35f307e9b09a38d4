import type { Digest } from './digest.ts';
import type { ContentSource, EntryType, Metadata } from './toc.ts';

/** A path of a {@link Tree}. Two paths that hold the same node object are hard links to one file. */
export interface TreeNode extends Metadata {
  readonly type: Exclude<EntryType, 'hardlink'>;
  readonly size: number;
  /** Text of a symbolic link as written. */
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly digest?: Digest;
  /** For regular files: where the content is. */
  readonly source?: ContentSource;
}

/**
 * A file tree as data: a build context, or the merged layers of a stage. Paths are clean and relative, `''` is the
 * root. Neither method follows symbolic links; nothing outside the root can be named.
 */
export interface Tree {
  lookup(path: string): TreeNode | undefined;
  /** Names in a directory in byte order; empty for what is not a directory. */
  list(path: string): readonly string[];
}
