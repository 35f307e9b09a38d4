import type { Metadata } from '../core/toc.ts';
import { ROOT_ROW, type TocTable } from '../layers/toc-table.ts';
import type { AppliedLayer } from './applied-layer.ts';
import {
  DEFAULT_DIRECTORY,
  type DirectoryNode,
  type FileNode,
  FileTree,
  isDirectoryNode,
  LazyDirectory,
  metadataOf,
  type Node,
} from './file-tree.ts';

/**
 * A layer seen over a tree: the children of a directory are merged when somebody asks for them. `undefined` where the
 * order of the layer's entries counts, or a link of the tree leads one of them elsewhere.
 */
export function viewLayer(base: FileTree, table: TocTable): AppliedLayer | undefined {
  if (!table.head.isPlain) return undefined;
  const view = new LayerView(base.root, table);
  return view.isStraight() ? view.applied() : undefined;
}

class LayerView {
  readonly #table: TocTable;
  readonly #base: DirectoryNode;
  /** Files that hard links lead to, by row: all their paths have one node. */
  readonly #linked: Map<number, FileNode | undefined>;

  constructor(base: DirectoryNode, table: TocTable) {
    this.#base = base;
    this.#table = table;
    this.#linked = new Map(table.rowsOf('hardlink').map((row) => [table.target(row), undefined]));
  }

  /** Whether each entry lies where its path says: no directory that it lies in is a link of the tree. */
  isStraight(): boolean {
    return this.#undescribed().every((row) => this.#below(row)?.type !== 'symlink');
  }

  applied(): AppliedLayer {
    const view = this;
    const root = new LazyDirectory(this.#base, () => view.#merge(ROOT_ROW, view.#base));
    return {
      tree: new FileTree(root),
      renames: new Map(),
      get implied() {
        return view.#implied();
      },
      get opaques() {
        return view.#opaques();
      },
    };
  }

  #undescribed(): number[] {
    return [...this.#table.rowsOf('implied'), ...this.#table.rowsOf('passed')];
  }

  /** What the tree has at the path of a row, as far as the layer does not hide it. */
  #below(row: number): Node | undefined {
    if (row === ROOT_ROW) return this.#base;
    const parent = this.#table.parent(row);
    const directory = this.#table.isOpaque(parent) ? undefined : this.#below(parent);
    return isDirectoryNode(directory) ? directory.children.get(this.#table.name(row)) : undefined;
  }

  #implied(): ReadonlyMap<string, Metadata> {
    const implied = new Map<string, Metadata>();
    for (const row of this.#undescribed().sort((a, b) => a - b)) {
      const below = this.#below(row);
      if (isDirectoryNode(below) && this.#isChanged(row, below)) implied.set(this.#table.path(row), metadataOf(below));
    }
    return implied;
  }

  #opaques(): AppliedLayer['opaques'] {
    return this.#table.rowsOf('opaque').flatMap((row) => {
      const parent = this.#table.parent(row);
      const below = this.#below(parent);
      const hides = isDirectoryNode(below) ? [...below.children.keys()].sort() : [];
      return hides.length === 0 ? [] : [{ path: this.#table.path(parent), hides }];
    });
  }

  /** Whether a directory that only whiteouts lie in has something for them to remove. */
  #isChanged(row: number, below: DirectoryNode): boolean {
    if (this.#table.type(row) !== 'passed' || this.#table.isOpaque(row)) return true;
    for (const child of this.#table.children(row)) {
      const hit = below.children.get(this.#table.name(child));
      if (
        this.#table.type(child) === 'whiteout' ? hit !== undefined : isDirectoryNode(hit) && this.#isChanged(child, hit)
      )
        return true;
    }
    return false;
  }

  #merge(row: number, below: DirectoryNode | undefined): Map<string, Node> {
    const isHidden = below === undefined || this.#table.isOpaque(row);
    const children = new Map<string, Node>(isHidden ? [] : below.children);
    for (const child of this.#table.children(row)) {
      if (this.#table.type(child) === 'opaque') continue;
      const name = this.#table.name(child);
      const node = this.#nodeOf(child, children.get(name));
      if (node === undefined) children.delete(name);
      else children.set(name, node);
    }
    return children;
  }

  /** What the layer makes of a node; `undefined` when nothing is left. */
  #nodeOf(row: number, below: Node | undefined): Node | undefined {
    const type = this.#table.type(row);
    switch (type) {
      case 'opaque':
      case 'whiteout':
        return undefined;
      case 'passed':
        return isDirectoryNode(below) && this.#isChanged(row, below) ? this.#directory(row, below, below) : below;
      case 'implied':
        return this.#directory(row, isDirectoryNode(below) ? below : DEFAULT_DIRECTORY, below);
      case 'directory':
        return this.#directory(row, this.#node(row), below);
      case 'hardlink':
        return this.#file(this.#table.target(row));
      default:
        return this.#file(row);
    }
  }

  #directory(row: number, metadata: FileNode, below: Node | undefined): DirectoryNode {
    return new LazyDirectory(metadata, () => this.#merge(row, isDirectoryNode(below) ? below : undefined));
  }

  #file(row: number): FileNode {
    const isLinked = this.#linked.has(row);
    const known = isLinked ? this.#linked.get(row) : undefined;
    if (known !== undefined) return known;
    const node = this.#node(row);
    if (isLinked) this.#linked.set(row, node);
    return node;
  }

  /** Of the row of an entry that is no marker and no hard link. */
  #node(row: number): FileNode {
    const draft = { type: this.#table.type(row) } as MutableNode;
    this.#table.describe(draft, row);
    const offset = draft.type === 'file' ? this.#table.offset(row) : undefined;
    if (offset !== undefined) draft.source = { kind: 'layer', layer: this.#table.head.diffId, offset };
    return draft;
  }
}

type MutableNode = { -readonly [P in keyof FileNode]: FileNode[P] };
