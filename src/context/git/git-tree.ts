import { baseName, joinPath } from '../../core/paths.ts';
import { nodeWith, type Tree, type TreeNode } from '../../core/tree.ts';
import { type ContextNode, isContextNode } from '../context-node.ts';

export interface GitTreeOptions {
  /** Clean and relative, without symbolic links. */
  readonly subdir: string;
  readonly keepGitDir: boolean;
  /** Seconds since 1970 for every file. Default: those of the checkout. */
  readonly mtime?: number | undefined;
}

/**
 * A checked-out directory as the reference (section 12) has it: modes are 0644 and 0755, whatever the umask, and what is
 * git's own is absent. No file of a commit can be called `.git`.
 */
export function gitTree(checkout: Tree, { subdir, keepGitDir, mtime }: GitTreeOptions): Tree {
  const nodes = new Map<TreeNode, TreeNode>();
  const isHidden = (path: string): boolean => !keepGitDir && path.split('/').includes('.git');
  const at = (path: string): string => (path === '' ? subdir : joinPath(subdir, path));

  function seen(node: TreeNode): TreeNode {
    const known = nodes.get(node) ?? normalised(node, mtime);
    nodes.set(node, known);
    return known;
  }

  return {
    lookup(path) {
      const node = isHidden(path) ? undefined : checkout.lookup(at(path));
      return node && seen(node);
    },
    list: (path) => (isHidden(path) ? [] : checkout.list(at(path)).filter((name) => !isHidden(baseName(name)))),
  };
}

function normalised(node: TreeNode, mtime: number | undefined): TreeNode | ContextNode {
  const isPlain = node.type === 'file' && (node.mode & 0o100) === 0;
  const mode = node.type === 'symlink' ? 0o777 : isPlain ? 0o644 : 0o755;
  const seen = nodeWith(node, { mode, ...(mtime !== undefined && { mtime, mtimeNanoseconds: 0 }) });
  return isContextNode(node) ? { ...seen, identity: node.identity } : seen;
}
