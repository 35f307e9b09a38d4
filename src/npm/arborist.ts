import type Arborist from '@npmcli/arborist';

/** What the published types of Arborist leave out. */
interface Untyped {
  /** Left out of the installation, as an optional package of another platform is. */
  inert?: boolean;
  shouldOmit(types: ReadonlySet<string>): boolean;
  readonly depth: number;
}

export type ArboristNode = Arborist.Node & Untyped;
export type ArboristEdge = Arborist.Edge;

export type Lockfile = Arborist.Shrinkwrap & {
  filename: string;
  hiddenLockfile: boolean;
  lockfileVersion: number;
  toString(): string;
};

/** Arborist as a module. Loading it takes as long as starting Node several times, so only an installation does. */
export async function loadArborist(): Promise<typeof Arborist> {
  return (await import('@npmcli/arborist')).default;
}

type ScriptMatcher = typeof import('@npmcli/arborist/lib/script-allowed.js')['default'];

/** npm's own comparison of a package with `allowScripts`; npm takes it from there, too. */
export async function loadScriptMatcher(): Promise<ScriptMatcher> {
  return (await import('@npmcli/arborist/lib/script-allowed.js')).default;
}

export function nodesOf(root: Arborist.Node): ArboristNode[] {
  return [...root.inventory.values()] as ArboristNode[];
}
