import { joinPath, parentPath } from '../core/paths.ts';
import type { NpmPackage } from './npm-tree.ts';

/** A link in a `.bin` folder. */
export interface BinLink {
  /** Where the link is, below the project. */
  readonly path: string;
  /** Its text. */
  readonly link: string;
  /** The package that has the program, and the program's path in it. */
  readonly owner: NpmPackage;
  readonly program: string;
}

/**
 * The links to programs that npm makes: of packages that want the same name in the same folder the first gets it, in the
 * order in which npm asks them; links to folders of the project come after packages.
 */
export function planBinLinks(packages: readonly NpmPackage[]): BinLink[] {
  const isLink = (candidate: NpmPackage): boolean => candidate.source.kind === 'link';
  const inOrder = [...packages.filter((one) => !isLink(one)), ...packages.filter(isLink)];
  const claimed = new Map<string, BinLink>();
  for (const owner of inOrder) {
    const folder = modulesFolder(owner.location);
    for (const [name, program] of owner.bins) {
      const path = `${folder}/.bin/${name}`;
      if (claimed.has(path)) continue;
      const link = `../${joinPath(owner.location.slice(folder.length + 1), program)}`;
      claimed.set(path, { path, link, owner, program });
    }
  }
  return [...claimed.values()];
}

/** The `node_modules` that a package is in; a scope is part of the name. */
function modulesFolder(location: string): string {
  const parent = parentPath(location);
  return parent.endsWith('node_modules') ? parent : parentPath(parent);
}
