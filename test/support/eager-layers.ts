import { compareTreePaths, joinPath, parentPath } from '../../src/core/paths.ts';
import { isWhiteout, type TocEntry, type TocFileEntry } from '../../src/core/toc.ts';
import { DEFAULT_DIRECTORY, type FileNode, type FileTree } from '../../src/rootfs/file-tree.ts';
import { resolvePath } from '../../src/rootfs/resolve.ts';

/** A tree as a list of its paths. Hard links hold one node. */
type FlatTree = ReadonlyMap<string, FileNode>;

const FAILS = 'fails';

/**
 * What layers make, lowest first, by the plainest means: each entry of each is carried out at once, on a list of paths.
 * `fails` where a link leads in a circle or to no file.
 */
export function applyEagerly(layers: readonly (readonly TocEntry[])[]): FlatTree | typeof FAILS {
  const tree = new Map<string, FileNode>();
  return layers.every((entries) => carryOut(tree, entries)) ? tree : FAILS;
}

function carryOut(tree: Map<string, FileNode>, entries: readonly TocEntry[]): boolean {
  const written = new Set<string>();
  const locate = (path: string): string | undefined => {
    const parent = resolvePath({ lookup: (at) => tree.get(at) }, parentPath(path));
    return parent === undefined ? undefined : joinPath(parent, path.slice(path.lastIndexOf('/') + 1));
  };
  for (const entry of entries) {
    const path = entry.path === '' ? '' : locate(entry.path);
    if (path === undefined) return false;
    if (entry.type === 'whiteout' && !written.has(path)) remove(tree, path);
    if (entry.type === 'opaque' && isDirectory(tree, path)) {
      for (const child of childrenOf(tree, path)) if (!written.has(child)) remove(tree, child);
    }
    if (isWhiteout(entry)) continue;
    makeParents(tree, path);
    const node = entry.type === 'hardlink' ? tree.get(locate(entry.link ?? '') ?? '') : nodeOf(entry);
    if (node === undefined || (entry.type === 'hardlink' && node.type === 'directory')) return false;
    if (node.type !== 'directory') remove(tree, path);
    tree.set(path, node);
    written.add(path);
  }
  return true;
}

function nodeOf({ path: _path, data: _data, offset: _offset, ...attributes }: TocFileEntry): FileNode {
  return attributes as FileNode;
}

function isDirectory(tree: FlatTree, path: string): boolean {
  return path === '' || tree.get(path)?.type === 'directory';
}

function remove(tree: Map<string, FileNode>, path: string): void {
  for (const at of [...tree.keys()]) if (at === path || at.startsWith(`${path}/`)) tree.delete(at);
}

function childrenOf(tree: FlatTree, path: string): string[] {
  return [...tree.keys()].filter((at) => parentPath(at) === path);
}

function makeParents(tree: Map<string, FileNode>, path: string): void {
  for (let at = parentPath(path); at !== ''; at = parentPath(at)) {
    if (tree.get(at)?.type !== 'directory') tree.set(at, DEFAULT_DIRECTORY);
  }
}

/** A line for each path, with all that a node says and the first path of the same file. */
export function describeFlat(tree: FlatTree | typeof FAILS): string[] {
  return tree === FAILS ? [FAILS] : lines([...tree].sort(([a], [b]) => compareTreePaths(a, b)));
}

export function describeLazy(tree: FileTree): string[] {
  return lines([...tree.walk()].map(({ path, node }) => [path, node]));
}

function lines(paths: readonly (readonly [path: string, node: FileNode])[]): string[] {
  const first = new Map<FileNode, string>();
  return paths.map(([path, node]) => {
    if (!first.has(node)) first.set(node, path);
    const { type, mode, uid, gid, mtime, size, link, major, minor, digest, xattrs } = node;
    const same = type === 'directory' ? path : first.get(node);
    return JSON.stringify({ path, same, type, mode, uid, gid, mtime, size, link, major, minor, digest, xattrs });
  });
}
