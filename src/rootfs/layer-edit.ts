import type { DiffId } from '../core/digest.ts';
import { LayerError } from '../core/errors.ts';
import { baseName, joinPath, parentPath } from '../core/paths.ts';
import { isWhiteout, type Metadata, type Toc, type TocFileEntry } from '../core/toc.ts';
import type { AppliedLayer } from './applied-layer.ts';
import {
  DEFAULT_DIRECTORY,
  type DirectoryNode,
  type FileNode,
  FileTree,
  isDirectoryNode,
  metadataOf,
  type Node,
} from './file-tree.ts';
import { resolvePath } from './resolve.ts';

/** Carries out the entries of a layer one after another, for layers in which their order counts. */
export function editLayer(base: FileTree, toc: Toc): AppliedLayer {
  const { entries } = toc;
  const edit = new LayerEdit(base, toc.diffId, entries.some(isWhiteout));
  for (const entry of entries) {
    if (!isWhiteout(entry)) edit.put(entry);
    else if (entry.type === 'whiteout') edit.remove(entry.path);
    else edit.hide(entry.path);
  }
  const { tree, renames, implied, opaques } = edit;
  return { tree, renames, implied, opaques };
}

class LayerEdit {
  tree: FileTree;
  readonly renames: Map<string, string> = new Map();
  readonly implied: Map<string, Metadata> = new Map();
  readonly opaques: { path: string; hides: string[] }[] = [];
  /** Directories made by this edit, which it may change in place. */
  readonly #owned = new WeakSet<DirectoryNode>();
  /** What the layer's own markers must not remove; `undefined` when there are none. */
  readonly #written: Set<string> | undefined;
  /** Directories of this edit by path, to which no link leads and nothing has changed the way. */
  readonly #known = new Map<string, DirectoryNode>();
  readonly #diffId: DiffId;

  constructor(base: FileTree, diffId: DiffId, hasMarkers: boolean) {
    this.#diffId = diffId;
    this.#written = hasMarkers ? new Set() : undefined;
    this.tree = new FileTree(this.#own(base.root));
  }

  put(entry: TocFileEntry): void {
    const { path, directory } = this.#parentOf(entry.path);
    const name = baseName(path);
    const existing = directory.children.get(name);
    // What was below it is gone, or another way leads there.
    if (isDirectoryNode(existing) && entry.type !== 'directory') this.#known.clear();
    const node = this.#nodeOf(entry, existing);
    directory.children.set(name, node);
    if (isDirectoryNode(node)) this.implied.delete(path);
    if (isDirectoryNode(node) && path === entry.path) this.#known.set(path, node);
    this.#written?.add(path);
  }

  remove(whiteoutPath: string): void {
    this.#known.clear();
    const path = this.#locate(whiteoutPath);
    if (this.#written?.has(path) === true || this.tree.lookup(path) === undefined) return;
    this.#directory(parentPath(path)).children.delete(baseName(path));
  }

  hide(opaquePath: string): void {
    this.#known.clear();
    const path = this.#locate(opaquePath);
    const directory = this.tree.lookup(path);
    if (!isDirectoryNode(directory)) return;
    const hides = [...directory.children.keys()].filter((name) => this.#written?.has(joinPath(path, name)) !== true);
    const owned = this.#directory(path);
    for (const name of hides) owned.children.delete(name);
    if (hides.length > 0) this.opaques.push({ path, hides: hides.sort() });
  }

  /** Where an entry lies, and the directory that holds it. Looking up each from the root would cost most of the time. */
  #parentOf(entryPath: string): { readonly path: string; readonly directory: DirectoryNode } {
    const written = parentPath(entryPath);
    const known = this.#known.get(written);
    if (known !== undefined) return { path: entryPath, directory: known };
    const path = this.#locate(entryPath);
    const directory = this.#directory(parentPath(path));
    if (path === entryPath) this.#known.set(written, directory);
    return { path, directory };
  }

  /** Where an entry lies when links of lower layers are followed; the last component is never followed. */
  #locate(path: string): string {
    const parent = parentPath(path);
    const resolved = parent === '' ? '' : resolvePath(this.tree, parent);
    if (resolved === undefined) throw this.#corrupt(path, 'its parent is a circle of symbolic links');
    const located = joinPath(resolved, baseName(path));
    if (located !== path) this.renames.set(path, located);
    return located;
  }

  /** The directory at a path, ready to be changed; what is missing on the way is made. */
  #directory(path: string): DirectoryNode {
    let directory = this.tree.root;
    if (path === '') return directory;
    let at = '';
    for (const name of path.split('/')) {
      at = joinPath(at, name);
      const child = directory.children.get(name);
      if (isDirectoryNode(child) && !this.#owned.has(child)) this.implied.set(at, metadataOf(child));
      const next = this.#own(isDirectoryNode(child) ? child : { ...DEFAULT_DIRECTORY, children: new Map() });
      directory.children.set(name, next);
      directory = next;
    }
    return directory;
  }

  #own(directory: DirectoryNode): DirectoryNode {
    if (this.#owned.has(directory)) return directory;
    const copy: DirectoryNode = { ...directory, children: new Map(directory.children) };
    this.#owned.add(copy);
    return copy;
  }

  #nodeOf(entry: TocFileEntry, existing: Node | undefined): Node {
    const { path, type, offset } = entry;
    if (type === 'hardlink') return this.#linked(path, entry.link ?? '');
    const node = toNode(entry, type);
    if (type === 'directory') {
      const children = isDirectoryNode(existing) ? this.#own(existing).children : new Map<string, Node>();
      const directory: DirectoryNode = { ...node, type, children };
      this.#owned.add(directory);
      return directory;
    }
    if (type === 'file' && offset !== undefined) node.source = { kind: 'layer', layer: this.#diffId, offset };
    return node;
  }

  #linked(path: string, link: string): Node {
    const target = this.tree.lookup(this.#locate(link));
    if (target === undefined || isDirectoryNode(target)) {
      throw this.#corrupt(path, `it is a hard link to ${JSON.stringify(link)}, which is not a file of the image`);
    }
    return target;
  }

  #corrupt(path: string, why: string): LayerError {
    return new LayerError('LAYER_BAD_ENTRY', `layer ${this.#diffId}: entry ${JSON.stringify(path)}: ${why}`, {
      entry: path,
      hint: 'the layer was written wrongly: build or pull the image again',
    });
  }
}

type MutableNode = { -readonly [P in keyof FileNode]: FileNode[P] };

/** Written out, as there may be hundreds of thousands: taking properties away from a copy costs several times as much. */
function toNode(entry: TocFileEntry, type: FileNode['type']): MutableNode {
  const { mode, uid, gid, mtime, size, digest, data, link, mtimeNanoseconds, major, minor, xattrs } = entry;
  const node: MutableNode = { type, mode, uid, gid, mtime, size };
  if (digest !== undefined) node.digest = digest;
  if (data !== undefined) node.data = data;
  if (link !== undefined) node.link = link;
  if (mtimeNanoseconds !== undefined) node.mtimeNanoseconds = mtimeNanoseconds;
  if (major !== undefined) node.major = major;
  if (minor !== undefined) node.minor = minor;
  if (xattrs !== undefined) node.xattrs = xattrs;
  return node;
}
