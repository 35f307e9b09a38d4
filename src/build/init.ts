import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ContextError } from '../core/errors.ts';
import { loadArborist } from '../npm/arborist.ts';
import { createEngineCheck } from '../npm/engines.ts';
import { loadNpmTree } from '../npm/load-tree.ts';
import { type ProjectConfig, parseProjectConfig } from '../npm/project-config.ts';
import { type Manifest, type ProjectFacts, projectDockerfile } from '../npm/project-dockerfile.ts';
import { type ProjectFiles, readProjectFiles } from '../npm/project-files.ts';

export interface InitOptions {
  /** Folder of the project. Default `'.'`. */
  readonly context?: string;
  /** Name or folder of a workspace: the image has it and what it needs of the project. */
  readonly workspace?: string;
}

export interface ProjectImage {
  /** Text of the Dockerfile. */
  readonly dockerfile: string;
  /** The base as its name says it, without a digest: key of `lamella.lock`. */
  readonly base: string;
  /** Whether `lamella.lock` pins the base. */
  readonly isPinned: boolean;
}

/** Majors with long-term support, the newest first, then what else an old project may ask for. */
const NODE_MAJORS = ['24', '22', '26', '20', '18'];

/**
 * The Dockerfile of a Node project that has none, from its package.json, lockfile, `.nvmrc` and `lamella.lock`.
 * @throws StepError with a code that begins with `STEP_NPM_`; OptionError `OPTION_BAD_PROJECT_CONFIG`
 */
export async function initProject({ context = '.', workspace }: InitOptions = {}): Promise<ProjectImage> {
  const folder = resolve(context);
  const files = await readProjectFiles(async (path) => readText(join(folder, path)));
  const manifest = parseManifest(files.packageJson, 'package.json');
  const config = parseProjectConfig((manifest as { readonly lamella?: unknown }).lamella);
  const base = config.base ?? `node:${config.node ?? (await nodeTag(folder, manifest))}-slim`;
  const digest = readLock(folder)[base];
  const facts: ProjectFacts = {
    manifest,
    config: relevant(config),
    base: digest === undefined ? base : `${base}@${digest}`,
    hasNpmrc: files.npmrc !== '',
    lockfile: existsSync(join(folder, 'npm-shrinkwrap.json')) ? 'npm-shrinkwrap.json' : 'package-lock.json',
    folders: [...files.manifests.keys()],
    ...(workspace !== undefined && { workspace: await chooseWorkspace(files, workspace) }),
    ...revisionOf(folder),
  };
  return { dockerfile: projectDockerfile(facts), base, isPinned: digest !== undefined || base.includes('@') };
}

/** A `base` of the configuration counts no more, once it is chosen. */
function relevant({ base, node, ...rest }: ProjectConfig): ProjectConfig {
  return rest;
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function parseManifest(text: string, name: string): Manifest {
  try {
    return JSON.parse(text) as Manifest;
  } catch (cause) {
    throw new ContextError('CONTEXT_BAD_MANIFEST', `${name} is not JSON`, { hint: 'mend it', cause });
  }
}

async function nodeTag(folder: string, manifest: Manifest): Promise<string> {
  const nvmrc = readText(join(folder, '.nvmrc'))?.trim().replace(/^v/, '') ?? '';
  if (/^\d+(?:\.\d+){0,2}$/.test(nvmrc)) return nvmrc;
  const arborist = await loadArborist();
  const fits = (major: string): boolean => createEngineCheck(arborist, { node: `${major}.99.0` })(manifest);
  return NODE_MAJORS.find(fits) ?? NODE_MAJORS[0] ?? '';
}

/** `lamella.lock`: digests of bases, by their names. */
function readLock(folder: string): Readonly<Record<string, string>> {
  const text = readText(join(folder, 'lamella.lock'));
  if (text === undefined) return {};
  const { bases = {} } = parseManifest(text, 'lamella.lock') as { readonly bases?: Readonly<Record<string, string>> };
  return bases;
}

async function chooseWorkspace(files: ProjectFiles, wanted: string): Promise<NonNullable<ProjectFacts['workspace']>> {
  const tree = await loadNpmTree(files, {
    target: { os: 'linux', cpu: 'x64', libc: 'glibc' },
    engines: {},
    omit: new Set(['dev']),
    workspaces: [wanted],
    includeWorkspaceRoot: false,
    engineStrict: false,
    legacyPeerDeps: false,
    installLinks: false,
    omitResolved: false,
    scratch: join(tmpdir(), `lamella-${randomUUID()}`),
  });
  const links = tree.packages.flatMap(({ name, source }) =>
    source.kind === 'link' ? [{ name, folder: source.target }] : [],
  );
  const own = links.find(({ name, folder }) => name === wanted || folder === wanted);
  const { name = wanted, folder = wanted } = own ?? {};
  const manifest = parseManifest(files.manifests.get(folder) ?? '{}', `${folder}/package.json`);
  return { name, folder, manifest, needs: links.map((link) => link.folder).sort() };
}

/** The commit that is checked out, as git keeps it. */
function revisionOf(folder: string): { readonly revision?: string } {
  const head = readText(join(folder, '.git', 'HEAD'))?.trim() ?? '';
  const ref = /^ref: (.+)$/.exec(head)?.[1];
  if (ref === undefined) return /^[0-9a-f]{40,64}$/.test(head) ? { revision: head } : {};
  const packed = readText(join(folder, '.git', 'packed-refs'))?.split('\n');
  const revision =
    readText(join(folder, '.git', ref))?.trim() ?? packed?.find((line) => line.endsWith(` ${ref}`))?.split(' ')[0];
  return revision === undefined ? {} : { revision };
}
