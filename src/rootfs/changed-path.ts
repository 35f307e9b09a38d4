import type { Metadata } from '../core/toc.ts';

/** A path that a run may have changed, as the file system shows it afterwards. */
export interface ChangedPath extends Metadata {
  readonly path: string;
  /** `whiteout` is overlayfs' own mark (character device 0:0) in an upper directory. */
  readonly type: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket' | 'whiteout';
  readonly size: number;
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
  /** Equal for paths that are hard links to one file. */
  readonly inode: string;
  /** For directories: every name in the merged view. */
  readonly names?: readonly string[];
}
