import { baseName, compareBytes, joinPath, parentPath } from '../core/paths.ts';
import type { Tree, TreeNode } from '../core/tree.ts';

const DIRECTORY: TreeNode = { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 };

/** A tree that is put together path by path. What is put later replaces what was there, a directory keeps its content. */
export class MemoryTree implements Tree {
  readonly #nodes = new Map<string, TreeNode>([['', DIRECTORY]]);
  readonly #names = new Map<string, Set<string>>();

  lookup(path: string): TreeNode | undefined {
    return this.#nodes.get(path);
  }

  list(path: string): readonly string[] {
    return [...(this.#names.get(path) ?? [])].sort(compareBytes);
  }

  /** Parents that are missing, or no directories, become directories of mode 0755. */
  put(path: string, node: TreeNode): void {
    if (path === '') return;
    const parent = parentPath(path);
    if (this.#nodes.get(parent)?.type !== 'directory') this.put(parent, DIRECTORY);
    if (node.type !== 'directory') this.#removeContent(path);
    this.#nodes.set(path, node);
    const names = this.#names.get(parent) ?? new Set();
    this.#names.set(parent, names.add(baseName(path)));
  }

  #removeContent(directory: string): void {
    for (const name of this.#names.get(directory) ?? []) {
      const path = joinPath(directory, name);
      this.#removeContent(path);
      this.#nodes.delete(path);
    }
    this.#names.delete(directory);
  }
}
