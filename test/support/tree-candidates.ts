import type { DiffId, Digest } from '../../src/core/digest.ts';
import { parentPath } from '../../src/core/paths.ts';
import { isWhiteout, type Toc, type TocEntry } from '../../src/core/toc.ts';
import type { ChangedPath } from '../../src/rootfs/changed-path.ts';
import { type FileTree, isDirectoryNode, type Node } from '../../src/rootfs/file-tree.ts';

/** Every path of a tree as a walk of the real thing would report it, the root included. */
export function candidatesOf(tree: FileTree): ChangedPath[] {
  const inodes = new Map<Node, string>();
  const inodeOf = (node: Node): string => {
    const inode = inodes.get(node) ?? String(inodes.size + 1);
    inodes.set(node, inode);
    return inode;
  };
  return [{ path: '', node: tree.root }, ...tree.walk()].map(({ path, node }) => {
    const { type, mode, uid, gid, mtime, size, link, major, minor, xattrs } = node;
    return {
      ...{ path, type, mode, uid, gid, mtime, size, inode: inodeOf(node) },
      ...(link !== undefined && { link }),
      ...(major !== undefined && { major }),
      ...(minor !== undefined && { minor }),
      ...(xattrs !== undefined && { xattrs }),
      ...(isDirectoryNode(node) && { names: [...node.children.keys()] }),
    };
  });
}

/** What overlayfs' upper directory would hold: the paths that `touched` names, their ancestors and its own whiteouts. */
export function upperCandidatesOf(before: FileTree, after: FileTree, touched: ReadonlySet<string>): ChangedPath[] {
  const wanted = new Set(['']);
  for (const path of touched) for (let at = path; at !== ''; at = parentPath(at)) wanted.add(at);
  const upper = candidatesOf(after).filter(({ path }) => wanted.has(path));
  const gone = [...before.walk()].filter(
    ({ path }) => after.lookup(path) === undefined && isDirectoryNode(after.lookup(parentPath(path))),
  );
  const whiteouts = gone.map(({ path }): ChangedPath => {
    return { path, type: 'whiteout', mode: 0, uid: 0, gid: 0, mtime: 0, size: 0, inode: 'whiteout' };
  });
  return [...upper, ...whiteouts];
}

/** Content digests as the sandbox host would answer them. */
export function hasherOf(tree: FileTree): (paths: readonly string[]) => Promise<Record<string, Digest>> {
  return (paths) => {
    const digests = paths.map((path) => [path, tree.lookup(path)?.digest] as const);
    return Promise.resolve(
      Object.fromEntries(digests.filter((pair): pair is [string, Digest] => pair[1] !== undefined)),
    );
  };
}

/** The table of contents of the layer that entries make, with the content of `tree`. */
export function tocOf(entries: readonly TocEntry[], tree?: FileTree): Toc {
  const withDigests = entries.map((entry) => {
    const digest = isWhiteout(entry) || entry.type !== 'file' ? undefined : tree?.lookup(entry.path)?.digest;
    return digest === undefined ? entry : { ...entry, digest };
  });
  return { version: 1, diffId: `sha256:${'d'.repeat(64)}` as DiffId, size: 0, entries: withDigests };
}
