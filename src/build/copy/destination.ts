import type { DigestsByPath } from '../../core/digest.ts';
import { joinPath, parentPath } from '../../core/paths.ts';
import type { PackEntry, WhiteoutEntry } from '../../core/toc.ts';
import { nodeWith, type Tree, type TreeNode } from '../../core/tree.ts';
import { notADirectory } from './copy-error.ts';
import { PlacedEntries, type PlacedNode } from './placed-entries.ts';

const ROOT: TreeNode = { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 };

/** A tree with what is laid over it, path by path. Symbolic links are the caller's business. */
export class Destination {
  readonly #base: Tree;
  readonly #placed = new Map<string, PlacedNode>();
  /** Directories of the tree that something else has replaced. */
  readonly #replaced = new Set<string>();

  constructor(base: Tree) {
    this.#base = base;
  }

  lookup(path: string): PlacedNode | undefined {
    if (path === '') return ROOT;
    const placed = this.#placed.get(path);
    if (placed !== undefined || this.#isHidden(path)) return placed;
    return this.#base.lookup(path);
  }

  /**
   * Sees to it that there is a directory, made as `created` where it is missing, its parents too.
   * @throws StepError `STEP_COPY_NOT_A_DIRECTORY`
   */
  ensureDirectory(path: string, created: TreeNode): void {
    const node = this.lookup(path);
    if (node?.type === 'directory') return;
    if (node !== undefined) throw notADirectory(path);
    this.ensureDirectory(parentPath(path), created);
    this.put(path, created);
  }

  /** Lays a node over what is there, a directory only over a directory. The parent must be one. */
  put(path: string, node: PlacedNode): void {
    this.#placeAncestors(path);
    this.#placed.set(path, node);
  }

  /** Lays a node over whatever is there; a directory that meets a directory keeps its content. */
  replace(path: string, node: PlacedNode): void {
    if (node.type !== 'directory' && this.lookup(path)?.type === 'directory') this.#hide(path);
    this.put(path, node);
  }

  /**
   * The node at a path, ready to be placed at another path as a hard link. A file of the tree below stays as it is: no
   * link leads from one layer into another (reference, section 15).
   */
  share(path: string, node: PlacedNode): PlacedNode {
    if (node.inode !== undefined || !this.#placed.has(path)) return node;
    const shared = { ...nodeWith(node, {}), inode: {} };
    this.#placed.set(path, shared);
    return shared;
  }

  /** All that was placed, with the ancestors, in tree order, and with the digests that are known by path on this machine. */
  entries(digests?: DigestsByPath): Iterable<PackEntry> {
    return new PlacedEntries(this.#placed, digests);
  }

  /**
   * What the tree below has in directories that something else replaced for a while: without whiteouts it would be there
   * again, once the layer lies over it.
   */
  whiteouts(): WhiteoutEntry[] {
    return [...this.#replaced]
      .filter((path) => !this.#isHidden(path) && this.lookup(path)?.type === 'directory')
      .flatMap((path) => this.#remains(path));
  }

  #remains(directory: string): WhiteoutEntry[] {
    return this.#base.list(directory).flatMap((name): WhiteoutEntry[] => {
      const path = joinPath(directory, name);
      const placed = this.#placed.get(path);
      if (placed === undefined) return [{ path, type: 'whiteout' }];
      return placed.type === 'directory' ? this.#remains(path) : [];
    });
  }

  #placeAncestors(path: string): void {
    const parent = parentPath(path);
    if (parent === '' || this.#placed.has(parent)) return;
    const node = this.lookup(parent);
    if (node?.type !== 'directory') throw notADirectory(parent);
    this.#placeAncestors(parent);
    this.#placed.set(parent, node);
  }

  #hide(path: string): void {
    this.#replaced.add(path);
    for (const placed of this.#placed.keys()) if (placed.startsWith(`${path}/`)) this.#placed.delete(placed);
  }

  #isHidden(path: string): boolean {
    if (this.#replaced.size === 0) return false;
    for (let at = parentPath(path); at !== ''; at = parentPath(at)) if (this.#replaced.has(at)) return true;
    return false;
  }
}
