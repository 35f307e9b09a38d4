import { createHash } from 'node:crypto';
import { openBlobNames } from '../context/git/blob-names.ts';
import { hashFiles, type KnownDigests } from '../context/hash-files.ts';
import type { Digest, DigestsByPath } from '../core/digest.ts';
import { joinPath } from '../core/paths.ts';
import type { Tree, TreeNode } from '../core/tree.ts';
import type { Session } from './session.ts';

/** A path of a tree with what it holds. */
export interface TreeItem {
  /** Relative to the selected root; `''` for the root itself. */
  readonly path: string;
  readonly node: TreeNode;
}

/** A path and everything below it, a directory before its content. */
export function* walkTree(tree: Tree, root: string, path = ''): Generator<TreeItem, void> {
  const at = path === '' ? root : joinPath(root, path);
  const node = tree.lookup(at);
  if (node === undefined) return;
  yield { path, node };
  if (node.type !== 'directory') return;
  for (const name of tree.list(at)) yield* walkTree(tree, root, joinPath(path, name));
}

/**
 * Content digests of files of a context by their path on this machine, from the stat cache where it knows them. Whoever
 * reads the files after that checks them against these: all steps of a build see one state of a file, or the build fails.
 */
export function hashContents(
  { statCache: cache, told, signal }: Session,
  nodes: Iterable<TreeNode>,
  known?: KnownDigests,
): Promise<DigestsByPath> {
  return hashFiles(nodes, { cache, told, signal, openBlobNames, ...(known && { known }) });
}

/** That of a node, which may have it itself. */
export function contentDigest(node: TreeNode, digests: DigestsByPath): Digest | undefined {
  return node.digest ?? (node.source?.kind === 'path' ? digests.get(node.source.path) : undefined);
}

export interface TreeDigest {
  readonly digest: string;
  /** What it is the digest of: for each path a JSON list that begins with it. */
  readonly fields: readonly string[];
}

/** Digest of a selection as the cache sees it: everything that counts (reference, section 16), never a time. */
export async function digestTree(session: Session, items: readonly TreeItem[]): Promise<TreeDigest> {
  const digests = await hashContents(
    session,
    items.map(({ node }) => node),
  );
  const hash = createHash('sha256');
  const fields = items.map(({ path, node }) => {
    const { type, mode, uid, gid, size, link, major, minor, xattrs } = node;
    const content = contentDigest(node, digests);
    return JSON.stringify([path, type, mode, uid, gid, size, link, major, minor, xattrs, content]);
  });
  for (const field of fields) hash.update(`${field}\n`);
  return { digest: `sha256:${hash.digest('hex')}`, fields };
}
