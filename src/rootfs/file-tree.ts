import type { DiffId } from '../core/digest.ts';
import { compareBytes, joinPath } from '../core/paths.ts';
import type { Metadata } from '../core/toc.ts';
import type { Tree, TreeNode } from '../core/tree.ts';

/** A node of a {@link FileTree}; files may carry their content (see `TocFileEntry.data`, base64). */
export interface FileNode extends TreeNode {
  readonly data?: string;
}

/** A directory with its children. Only the edit that made it may change it; afterwards it is shared and immutable. */
export interface DirectoryNode extends FileNode {
  readonly type: 'directory';
  readonly children: Map<string, FileNode | DirectoryNode>;
}

export type Node = FileNode | DirectoryNode;

export function isDirectoryNode(node: Node | undefined): node is DirectoryNode {
  return node !== undefined && node.type === 'directory';
}

/** Attributes of a directory that nobody described: root's, mode 0755 (reference, section 15). */
export const DEFAULT_DIRECTORY = { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 } as const;

/** A directory whose children are found out when somebody asks for them. */
export class LazyDirectory implements DirectoryNode {
  readonly type = 'directory';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  declare readonly mtimeNanoseconds?: number;
  declare readonly xattrs?: Readonly<Record<string, string>>;
  #children: Map<string, Node> | undefined;
  #find: (() => Map<string, Node>) | undefined;

  constructor({ mode, uid, gid, mtime, size, mtimeNanoseconds, xattrs }: FileNode, find: () => Map<string, Node>) {
    this.mode = mode;
    this.uid = uid;
    this.gid = gid;
    this.mtime = mtime;
    this.size = size;
    if (mtimeNanoseconds !== undefined) this.mtimeNanoseconds = mtimeNanoseconds;
    if (xattrs !== undefined) this.xattrs = xattrs;
    this.#find = find;
  }

  get children(): Map<string, Node> {
    if (this.#children !== undefined) return this.#children;
    this.#children = this.#find?.() ?? new Map();
    this.#find = undefined;
    return this.#children;
  }
}

/**
 * The root file system of a stage as data: the merged tables of contents of its layers. Immutable and persistent: a tree
 * shares with the one it was made from all that did not change. Two paths that hold the same node are hard links.
 */
export class FileTree implements Tree {
  static readonly empty: FileTree = new FileTree({ ...DEFAULT_DIRECTORY, children: new Map() });

  readonly root: DirectoryNode;

  constructor(root: DirectoryNode) {
    this.root = root;
  }

  lookup(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (let start = 0; start < path.length && node !== undefined; ) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      node = isDirectoryNode(node) ? node.children.get(path.slice(start, end)) : undefined;
      start = end + 1;
    }
    return node;
  }

  list(path: string): readonly string[] {
    const node = this.lookup(path);
    return isDirectoryNode(node) ? sortedNames(node) : [];
  }

  /** Every path below the root, a directory before its content, names in byte order. */
  *walk(): Generator<{ readonly path: string; readonly node: Node }, void> {
    yield* walkBelow(this.root, '');
  }
}

export function metadataOf({ mode, uid, gid, mtime, mtimeNanoseconds, xattrs }: DirectoryNode): Metadata {
  return {
    mode,
    uid,
    gid,
    mtime,
    ...(mtimeNanoseconds !== undefined && { mtimeNanoseconds }),
    ...(xattrs !== undefined && { xattrs }),
  };
}

function* walkBelow(directory: DirectoryNode, path: string): Generator<{ path: string; node: Node }, void> {
  for (const name of sortedNames(directory)) {
    const node = directory.children.get(name);
    if (node === undefined) continue;
    const childPath = joinPath(path, name);
    yield { path: childPath, node };
    if (isDirectoryNode(node)) yield* walkBelow(node, childPath);
  }
}

export function sortedNames(directory: DirectoryNode): string[] {
  return [...directory.children.keys()].sort(compareBytes);
}

/** The layer whose tar holds a node's content; `undefined` for what has none. */
export function layerOf(node: TreeNode): DiffId | undefined {
  return node.source?.kind === 'layer' ? node.source.layer : undefined;
}
