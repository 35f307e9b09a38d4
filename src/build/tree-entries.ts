import { joinPath, parentPath } from '../core/paths.ts';
import type { PackEntry } from '../core/toc.ts';
import { nodeWith, type Tree, type TreeNode } from '../core/tree.ts';
import type { Session } from './session.ts';
import { contentDigest, hashContents, walkTree } from './tree-digest.ts';

/** A node of a tree as an entry of a layer. Hard links become files of their own. */
export function treeEntry(path: string, node: TreeNode): PackEntry {
  return { path, ...nodeWith(node, { size: node.type === 'file' ? node.size : 0 }) };
}

/**
 * A path of a tree with all that is below it, and the directories that lead to it, in the order of a layer. With their
 * digests, so that no other content is packed than the one that counts in keys.
 */
export async function entriesBelow(session: Session, tree: Tree, root: string): Promise<PackEntry[]> {
  const items = [...walkTree(tree, root)];
  const digests = await hashContents(
    session,
    items.map(({ node }) => node),
  );
  const parents = ancestors(root).flatMap((path) => {
    const node = tree.lookup(path);
    return node === undefined ? [] : [treeEntry(path, node)];
  });
  const below = items.map(({ path, node }) => {
    const digest = contentDigest(node, digests);
    return { ...treeEntry(path === '' ? root : joinPath(root, path), node), ...(digest !== undefined && { digest }) };
  });
  return [...parents, ...below.filter(({ path }) => path !== '')];
}

function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let parent = parentPath(path); parent !== ''; parent = parentPath(parent)) found.unshift(parent);
  return found;
}
