import { compareBytes, joinPath } from '../../core/paths.ts';
import type { Tree } from '../../core/tree.ts';
import type { SelectedPath } from './request.ts';

/** `enter`: not meant itself, but a directory is there for the sake of what is meant below it. */
export type Verdict = 'take' | 'enter' | 'skip';

/** A path below a directory; `''` is the directory itself. */
export function below(directory: string, path: string): string {
  return path === '' ? directory : joinPath(directory, path);
}

/** Names in a directory in byte order, in whatever order the tree gives them. */
export function namesIn(tree: Tree, directory: string): string[] {
  return [...tree.list(directory)].sort(compareBytes);
}

/** What is below a directory and meant, in tree order; paths are relative to the directory. */
export function walkBelow(tree: Tree, directory: string, judge: (path: string) => Verdict): SelectedPath[] {
  const selected: SelectedPath[] = [];

  function visit(path: string): void {
    for (const name of namesIn(tree, below(directory, path))) {
      const child = joinPath(path, name);
      const verdict = judge(child);
      if (verdict !== 'skip') add(child, verdict);
    }
  }

  function add(path: string, verdict: Verdict): void {
    const node = tree.lookup(joinPath(directory, path));
    if (node === undefined) return;
    if (node.type !== 'directory') {
      if (verdict === 'take') selected.push({ path, node });
      return;
    }
    const before = selected.length;
    selected.push({ path, node });
    visit(path);
    if (verdict === 'enter' && selected.length === before + 1) selected.pop();
  }

  visit('');
  return selected;
}
