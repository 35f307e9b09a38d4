import type { DigestsByPath } from '../../core/digest.ts';
import { compareTreePaths } from '../../core/paths.ts';
import type { PackEntry } from '../../core/toc.ts';
import type { TreeNode } from '../../core/tree.ts';
import { toEntry, toHardlink } from './copy-entry.ts';

/** What is to be at a path. */
export interface PlacedNode extends TreeNode {
  /** Two paths with the same object are hard links to one file. */
  readonly inode?: object;
}

/** What was placed, as entries in tree order: each is made when its turn comes, as 100,000 of them would take 25 MB. */
export class PlacedEntries implements Iterable<PackEntry> {
  readonly #paths: readonly string[];
  readonly #nodes: readonly (PlacedNode | undefined)[];
  readonly #digests: DigestsByPath | undefined;

  /** @param digests by path on this machine, of contents that the nodes do not tell */
  constructor(placed: ReadonlyMap<string, PlacedNode>, digests?: DigestsByPath) {
    this.#paths = [...placed.keys()].sort(compareTreePaths);
    this.#nodes = this.#paths.map((path) => placed.get(path));
    this.#digests = digests;
  }

  *[Symbol.iterator](): Generator<PackEntry, void> {
    const firstNames = new Map<object, string>();
    for (let at = 0; at < this.#paths.length; at++) {
      const [path, node] = [this.#paths[at], this.#nodes[at]];
      if (path !== undefined && node !== undefined) yield this.#entry(path, node, firstNames);
    }
  }

  #entry(path: string, node: PlacedNode, firstNames: Map<object, string>): PackEntry {
    const first = node.inode && firstNames.get(node.inode);
    if (first !== undefined) return toHardlink(path, node, first);
    if (node.inode !== undefined) firstNames.set(node.inode, path);
    return toEntry(path, node, this.#digests);
  }
}
