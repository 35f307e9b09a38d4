import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type Arborist from '@npmcli/arborist';
import { suggest } from '../core/suggest.ts';
import { loadScriptVerdict } from './allow-scripts.ts';
import { type ArboristNode, type Lockfile, loadArborist, nodesOf } from './arborist.ts';
import { createEngineCheck, type EngineCheck, type EngineVersions } from './engines.ts';
import { leaveOut, optionalSet } from './leave-out.ts';
import { npmError } from './npm-error.ts';
import type { NpmTree, OmitType } from './npm-tree.ts';
import type { ProjectFiles } from './project-files.ts';
import { type NpmTarget, runsOn } from './target.ts';
import { toNpmTree } from './to-npm-tree.ts';

export interface TreeOptions {
  readonly target: NpmTarget;
  readonly engines: EngineVersions;
  readonly omit: ReadonlySet<OmitType>;
  /** Names or folders of workspaces: only they and what they need are installed. Default: everything. */
  readonly workspaces: readonly string[];
  readonly includeWorkspaceRoot: boolean;
  readonly engineStrict: boolean;
  readonly legacyPeerDeps: boolean;
  readonly installLinks: boolean;
  /** Packages whose install scripts may run, where package.json has no `allowScripts`. */
  readonly allowScripts: readonly string[];
  /** Leaves the addresses of registry packages out of `.package-lock.json`. */
  readonly omitResolved: boolean;
  /** Folder of this call alone, which it makes and removes: Arborist reads its input from files. */
  readonly scratch: string;
}

/**
 * The tree that npm would install from a lockfile for a target. Nothing is fetched.
 * @throws StepError `STEP_NPM_OUT_OF_SYNC`, `STEP_NPM_PLATFORM`, `STEP_NPM_ENGINE`, `STEP_NPM_UNKNOWN_WORKSPACE`,
 * `STEP_NPM_BAD_LOCKFILE`, `STEP_NPM_NO_INTEGRITY`, `STEP_NPM_UNSUPPORTED_SOURCE`
 */
export async function loadNpmTree(files: ProjectFiles, options: TreeOptions): Promise<NpmTree> {
  const arborist = await loadArborist();
  try {
    await writeProject(options.scratch, files);
    const loader = new arborist({
      path: options.scratch,
      legacyPeerDeps: options.legacyPeerDeps,
      installLinks: options.installLinks,
      ...({ omitLockfileRegistryResolved: options.omitResolved } as object),
    });
    const root = await loadVirtual(loader);
    const all = root.inventory.size;
    refuseOutOfSync(root, options);
    prune(root, createEngineCheck(arborist, options.engines), options);
    selectWorkspaces(loader, root, options);
    const verdictOf = await loadScriptVerdict(root, options.allowScripts);
    const isWhole = root.inventory.size === all;
    return toNpmTree(root, { hiddenLockfile: hiddenLockfileOf(root), isWhole }, verdictOf);
  } finally {
    await rm(options.scratch, { recursive: true, force: true });
  }
}

async function writeProject(folder: string, files: ProjectFiles): Promise<void> {
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write('package.json', files.packageJson);
  await write('package-lock.json', files.lockfile);
  for (const [path, text] of files.manifests) await write(`${path}/package.json`, text);
}

async function loadVirtual(loader: InstanceType<typeof Arborist>): Promise<ArboristNode> {
  try {
    return (await loader.loadVirtual()) as ArboristNode;
  } catch (cause) {
    throw npmError(
      'STEP_NPM_BAD_LOCKFILE',
      `package-lock.json cannot be read: ${(cause as Error).message}`,
      'make it anew with `npm install --package-lock-only`',
      cause,
    );
  }
}

/** Only what the project and its workspaces ask for themselves is compared, as `npm ci` does. */
function refuseOutOfSync(root: ArboristNode, { legacyPeerDeps }: TreeOptions): void {
  const own = [root, ...root.fsChildren].filter((node) => node.isProjectRoot || node.isWorkspace);
  const edges = own.flatMap((node) => [...node.edgesOut.values()]);
  const problems = edges.filter((edge) => {
    const type: string = edge.type;
    if (type === 'peerOptional' || (legacyPeerDeps && type === 'peer')) return false;
    return edge.to === null ? true : !edge.valid;
  });
  if (problems.length === 0) return;
  const names = problems.map((edge) => `${edge.name}@${edge.spec}`).join(', ');
  throw npmError(
    'STEP_NPM_OUT_OF_SYNC',
    `package.json and package-lock.json are not in sync: ${names}`,
    'run `npm install` and copy both files',
  );
}

function prune(root: ArboristNode, fitsEngines: EngineCheck, options: TreeOptions): void {
  const { target, omit, engineStrict } = options;
  leaveOut(root, (node) => node.extraneous);
  for (const node of nodesOf(root)) {
    if (node.isLink) continue;
    const fits = runsOn(node.package, target);
    if (!node.optional && !node.shouldOmit(omit)) {
      if (!fits) throw wrongPlatform(node, target);
      if (engineStrict && !fitsEngines(node.package)) throw wrongEngine(node);
    } else if (node.optional && !node.inert && !(fits && fitsEngines(node.package))) {
      for (const left of optionalSet(node)) left.inert = true;
    }
  }
  leaveOut(root, (node) => node.inert === true || node.shouldOmit(omit));
}

function selectWorkspaces(loader: InstanceType<typeof Arborist>, root: ArboristNode, options: TreeOptions): void {
  if (options.workspaces.length === 0) return;
  const known = [...(root.workspaces ?? new Map<string, string>())];
  const names = options.workspaces.map((wanted) => workspaceName(wanted, known, options.scratch));
  const selected = loader.workspaceDependencySet(root, names, options.includeWorkspaceRoot) as Set<ArboristNode>;
  for (const node of [...selected]) {
    if (node.isLink) selected.add(node.target as ArboristNode);
    for (const link of node.linksIn) selected.add(link as unknown as ArboristNode);
  }
  leaveOut(root, (node) => !selected.has(node));
}

function workspaceName(wanted: string, known: readonly (readonly [string, string])[], scratch: string): string {
  const found = known.find(([name, path]) => name === wanted || join(scratch, wanted) === path);
  if (found !== undefined) return found[0];
  const names = known.map(([name]) => name);
  const meant = suggest(wanted, names);
  const all = names.length === 0 ? 'the project has no workspaces' : `there are ${names.join(', ')}`;
  throw npmError(
    'STEP_NPM_UNKNOWN_WORKSPACE',
    `there is no workspace ${JSON.stringify(wanted)}`,
    meant === undefined ? all : `did you mean ${JSON.stringify(meant)}?`,
  );
}

function hiddenLockfileOf(root: ArboristNode): string {
  const lockfile = root.meta as Lockfile;
  lockfile.filename = join(root.realpath, 'node_modules/.package-lock.json');
  lockfile.hiddenLockfile = true;
  lockfile.lockfileVersion = 3;
  return lockfile.toString();
}

function wrongPlatform(node: ArboristNode, { os, cpu, libc }: NpmTarget): Error {
  const claims = node.package as Readonly<Record<string, unknown>>;
  const wanted = ['os', 'cpu', 'libc'].flatMap((key) => (claims[key] ? [`${key} ${JSON.stringify(claims[key])}`] : []));
  return npmError(
    'STEP_NPM_PLATFORM',
    `${node.pkgid} does not run on ${[os, cpu, libc].filter(Boolean).join(', ')}: it wants ${wanted.join(', ')}`,
    'make it an optional dependency, or build for a platform that it supports',
  );
}

function wrongEngine(node: ArboristNode): Error {
  const { engines } = node.package as { engines?: unknown };
  return npmError(
    'STEP_NPM_ENGINE',
    `${node.pkgid} wants ${JSON.stringify(engines)}, and engine-strict is set`,
    'use a base image with the Node that it wants',
  );
}
