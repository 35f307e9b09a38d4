import type { NpmPackage, NpmTree } from './npm-tree.ts';

/** Events of the project's own scripts that npm runs when it installs. */
const EVENTS = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];
const TREE_EVENTS = ['predependencies', 'dependencies', 'postdependencies'];

/** Scripts that an installation would run. */
export interface InstallScripts {
  /** Packages with scripts of their own, which the project allows or of which it says nothing. */
  readonly packages: readonly NpmPackage[];
  /** Scripts of the project itself, by name. */
  readonly project: readonly string[];
}

export const NO_SCRIPTS: InstallScripts = { packages: [], project: [] };

/** The scripts that npm would run after unpacking, but for those that the project forbids. */
export function installScripts({ packages }: NpmTree, packageJson: string): InstallScripts {
  const { scripts = {} } = JSON.parse(packageJson) as { readonly scripts?: Readonly<Record<string, unknown>> };
  return {
    packages: packages.filter(({ hasInstallScript, mayRunScripts }) => hasInstallScript && mayRunScripts !== false),
    project: [...EVENTS, ...TREE_EVENTS].filter((event) => Object.hasOwn(scripts, event)),
  };
}

/** Those that the project allows by name. */
export function allowedScripts({ packages }: InstallScripts): InstallScripts {
  return { packages: packages.filter(({ mayRunScripts }) => mayRunScripts === true), project: [] };
}

/** Those that somebody has to decide about, for people. */
export function undecidedScripts({ packages, project }: InstallScripts): string[] {
  return [
    ...packages
      .filter(({ mayRunScripts }) => mayRunScripts === undefined)
      .map(({ name, version }) => `${name}@${version}`),
    ...project.map((event) => `${event} of the project`),
  ];
}
