import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of a package.json decides whether npm runs something before it packs a commit. */
export interface GitManifest {
  readonly scripts?: unknown;
  readonly workspaces?: unknown;
  readonly bundleDependencies?: unknown;
  readonly bundledDependencies?: unknown;
  readonly patchedDependencies?: unknown;
}

/** Scripts for which npm installs the development dependencies of a commit, with all that they run, before it packs it. */
const SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'build'];

/** What npm would do in a commit before it packs it, by the names of its reasons; empty when it only packs. */
export function preparationOf({ scripts, workspaces }: GitManifest): string[] {
  const texts = typeof scripts === 'object' && scripts !== null ? (scripts as Readonly<Record<string, unknown>>) : {};
  const found = SCRIPTS.filter((name) => typeof texts[name] === 'string' && texts[name] !== '');
  return workspaces ? [...found, 'workspaces'] : found;
}

/** Whether the tarball has packages that npm would have to install into the commit first. */
export function bundlesPackages({ bundleDependencies, bundledDependencies }: GitManifest): boolean {
  const said = bundleDependencies ?? bundledDependencies ?? false;
  return Array.isArray(said) ? said.length > 0 : said !== false;
}

/** The package.json of a folder; `undefined` where npm could read none, either. */
export function readGitManifest(folder: string): GitManifest | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
