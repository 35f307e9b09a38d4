import type { IgnoreMatcher } from '../core/ignore.ts';
import { joinPath } from '../core/paths.ts';
import type { Tree, TreeNode } from '../core/tree.ts';

/** A tree without what an ignore file hides: an ignored directory is there only for the sake of what is kept in it. */
export function visibleTree(tree: Tree, ignore: IgnoreMatcher): Tree {
  const lists = new Map<string, readonly string[]>();

  function list(path: string): readonly string[] {
    const known = lists.get(path);
    if (known !== undefined) return known;
    const isClosed = ignore.ignores(path) && !ignore.mayKeepBelow(path);
    const names = isClosed ? [] : tree.list(path).filter((name) => lookup(joinPath(path, name)) !== undefined);
    lists.set(path, names);
    return names;
  }

  function lookup(path: string): TreeNode | undefined {
    const node = tree.lookup(path);
    if (node === undefined || !ignore.ignores(path)) return node;
    return node.type === 'directory' && list(path).length > 0 ? node : undefined;
  }

  return { lookup, list };
}
