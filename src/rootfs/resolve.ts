import { joinPath, parentPath, treePath } from '../core/paths.ts';
import type { Tree, TreeNode } from '../core/tree.ts';

/** Far more than Linux follows in one path (40, path_resolution(7)): what needs as many is a circle. */
const MAX_LINKS = 255;

/**
 * Where a path leads inside a root when every symbolic link of its directories is followed, and the last one too unless
 * `keepLast`. Absolute links and `..` start at and stay below the root. Components that do not exist are kept as written.
 * `undefined` when links run in a circle.
 */
export function resolvePath(tree: Pick<Tree, 'lookup'>, path: string, keepLast = false): string | undefined {
  const pending = treePath(path).split('/').reverse();
  let resolved = '';
  let links = 0;
  while (pending.length > 0) {
    const name = pending.pop() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      resolved = parentPath(resolved);
      continue;
    }
    const next = joinPath(resolved, name);
    const node = tree.lookup(next);
    if (node?.type !== 'symlink' || (keepLast && pending.length === 0)) {
      resolved = next;
      continue;
    }
    if (++links > MAX_LINKS) return undefined;
    const link = node.link ?? '';
    if (link.startsWith('/')) resolved = '';
    pending.push(...link.split('/').reverse());
  }
  return resolved;
}

/** The node at the end of a path, all symbolic links followed. */
export function resolveNode(tree: Pick<Tree, 'lookup'>, path: string): TreeNode | undefined {
  const resolved = resolvePath(tree, path);
  return resolved === undefined ? undefined : tree.lookup(resolved);
}
