import { joinPath } from './paths.ts';
import { suggest } from './suggest.ts';
import type { Tree } from './tree.ts';

/** A path of a tree with its first component that does not exist replaced by a near name; `undefined` without one. */
export function nearPath(tree: Tree, path: string): string | undefined {
  const names = path.split('/');
  let directory = '';
  for (const [index, name] of names.entries()) {
    const child = joinPath(directory, name);
    if (tree.lookup(child) === undefined) {
      const near = suggest(name, tree.list(directory));
      return near === undefined ? undefined : [...names.slice(0, index), near, ...names.slice(index + 1)].join('/');
    }
    directory = child;
  }
  return undefined;
}
