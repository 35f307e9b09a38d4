import { joinPath, parentPath } from '../core/paths.ts';
import type { PackEntry } from '../core/toc.ts';
import type { Tree, TreeNode } from '../core/tree.ts';
import { walkTree } from './tree-digest.ts';

/** A node of a tree as an entry of a layer. Hard links become files of their own. */
export function treeEntry(path: string, node: TreeNode): PackEntry {
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

/** A path of a tree with all that is below it, and the directories that lead to it, in the order of a layer. */
export function* entriesBelow(tree: Tree, root: string): Generator<PackEntry, void> {
  for (const parent of ancestors(root)) {
    const node = tree.lookup(parent);
    if (node !== undefined) yield treeEntry(parent, node);
  }
  for (const { path, node } of walkTree(tree, root)) {
    const at = path === '' ? root : joinPath(root, path);
    if (at !== '') yield treeEntry(at, node);
  }
}

function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let parent = parentPath(path); parent !== ''; parent = parentPath(parent)) found.unshift(parent);
  return found;
}
