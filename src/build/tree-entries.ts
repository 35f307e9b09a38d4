import type { PackEntry } from '../core/toc.ts';
import type { TreeNode } from '../core/tree.ts';

/** A node of a tree as an entry of a layer. Hard links become files of their own. */
export function toPackEntry(path: string, node: TreeNode): PackEntry {
  const { type, mode, uid, gid, mtime, mtimeNanoseconds, xattrs, size, link, major, minor, digest, source } = node;
  return {
    path,
    type,
    mode,
    uid,
    gid,
    mtime,
    size: type === 'file' ? size : 0,
    ...(mtimeNanoseconds !== undefined && { mtimeNanoseconds }),
    ...(xattrs !== undefined && { xattrs }),
    ...(link !== undefined && { link }),
    ...(major !== undefined && { major }),
    ...(minor !== undefined && { minor }),
    ...(digest !== undefined && { digest }),
    ...(source !== undefined && { source }),
  };
}
