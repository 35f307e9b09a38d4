import type { Metadata } from '../core/toc.ts';
import type { FileTree } from './file-tree.ts';

/** What a layer makes of a tree, and what an unpacker without that tree must know to make the same on disk. */
export interface AppliedLayer {
  readonly tree: FileTree;
  /** Paths of the tar that lie elsewhere because a parent is a symbolic link in a lower layer. */
  readonly renames: ReadonlyMap<string, string>;
  /** Directories of lower layers that the layer has something in, but no entry for. */
  readonly implied: ReadonlyMap<string, Metadata>;
  /** Opaque directories and the names of lower layers that they hide. */
  readonly opaques: readonly { readonly path: string; readonly hides: readonly string[] }[];
}
