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
  /** True where it is known that no other path holds this node. */
  readonly isSingle?: boolean;
}

/** A node with other metadata. A node may be a view of what lies elsewhere, of which `{ ...node }` is nothing. */
export function nodeWith(node: TreeNode, changes: Partial<TreeNode>): TreeNode {
  const { type, mode, uid, gid, mtime, mtimeNanoseconds, xattrs, size, link, major, minor, digest, source } = node;
  return {
    ...{ type, mode, uid, gid, mtime, size },
    ...(mtimeNanoseconds !== undefined && { mtimeNanoseconds }),
    ...(xattrs !== undefined && { xattrs }),
    ...(link !== undefined && { link }),
    ...(major !== undefined && { major }),
    ...(minor !== undefined && { minor }),
    ...(digest !== undefined && { digest }),
    ...(source !== undefined && { source }),
    ...changes,
  };
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
