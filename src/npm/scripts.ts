import type { NpmPackage, NpmTree } from './npm-tree.ts';

/** Events of the project's own scripts that npm runs when it installs. */
const EVENTS = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];
const TREE_EVENTS = ['predependencies', 'dependencies', 'postdependencies'];

/** Scripts that an installation would run. */
export interface InstallScripts {
  /** Packages with scripts of their own. */
  readonly packages: readonly NpmPackage[];
  /** Scripts of the project itself, by name. */
  readonly project: readonly string[];
}

/**
 * The scripts that npm would run after unpacking, but for those that the project forbids in `allowScripts` of its
 * package.json. Bundled packages never run theirs.
 */
export function installScripts(tree: NpmTree, packageJson: string): InstallScripts {
  const manifest = JSON.parse(packageJson) as Manifest;
  const scripts = Object.keys(manifest.scripts ?? {});
  return {
    packages: tree.packages.filter(
      (candidate) =>
        candidate.hasInstallScript &&
        candidate.source.kind !== 'bundled' &&
        isAllowed(candidate, manifest.allowScripts) !== false,
    ),
    project: [...EVENTS, ...TREE_EVENTS].filter((event) => scripts.includes(event)),
  };
}

interface Manifest {
  readonly scripts?: Readonly<Record<string, unknown>>;
  readonly allowScripts?: Readonly<Record<string, unknown>>;
}

/** By name or name@version; a refusal counts more than a permission. `undefined` when nothing is said. */
function isAllowed({ name, version }: NpmPackage, policy: Manifest['allowScripts'] = {}): boolean | undefined {
  const said = [policy[name], policy[`${name}@${version}`]].filter((value) => typeof value === 'boolean');
  if (said.length === 0) return undefined;
  return !said.includes(false);
}
