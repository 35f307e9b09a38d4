import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContextError } from '../../core/errors.ts';
import { loadArborist } from '../../npm/arborist.ts';
import { createEngineCheck } from '../../npm/engines.ts';
import { loadNpmTree } from '../../npm/load-tree.ts';
import { type ProjectConfig, parseProjectConfig } from '../../npm/project-config.ts';
import type { Manifest, ProjectFacts } from '../../npm/project-dockerfile.ts';
import { type ProjectFiles, readProjectFiles } from '../../npm/project-files.ts';
import { LOCK_FILE, parseLock } from './lock-file.ts';
import type { ReadText } from './project-text.ts';
import { readRevision } from './revision.ts';

/** A project without a Dockerfile, as its files describe it. */
export interface Project {
  /** All that its Dockerfile says but for the base. */
  readonly facts: Omit<ProjectFacts, 'base'>;
  readonly config: ProjectConfig;
  /** The base as its name says it: key of `lamella.lock`. */
  readonly base: string;
  /** What `lamella.lock` pins it to. */
  readonly digest: string | undefined;
}

/** Majors with long-term support, the newest first, then what else an old project may ask for. */
const NODE_MAJORS = ['24', '22', '26', '20', '18'];

/**
 * Reads package.json, the lockfile, `.nvmrc`, `lamella.lock` and the commit of a project.
 * @param folder where it is, for people
 * @param workspace name or folder of the workspace that alone counts, with what it needs
 * @throws StepError with a code that begins with `STEP_NPM_`; OptionError `OPTION_BAD_PROJECT_CONFIG`; ContextError
 * `CONTEXT_BAD_MANIFEST`
 */
export async function readProject(read: ReadText, workspace: string | undefined, folder?: string): Promise<Project> {
  const files = await readProjectFiles(async (path) => read(path), folder);
  const manifest = parseManifest(files.packageJson, 'package.json');
  const config = parseProjectConfig(manifest, { name: 'package.json', text: files.packageJson });
  const base = config.base ?? `node:${config.node ?? (await nodeTag(read('.nvmrc'), manifest))}-slim`;
  return {
    config,
    base,
    digest: parseLock(read(LOCK_FILE))[base],
    facts: {
      manifest,
      config,
      ignoresScripts: config.scripts === 'ignore',
      hasNpmrc: files.npmrc !== '',
      lockfile: read('npm-shrinkwrap.json') === undefined ? 'package-lock.json' : 'npm-shrinkwrap.json',
      folders: [...files.manifests.keys()],
      ...(workspace !== undefined && { workspace: await chooseWorkspace(files, workspace) }),
      ...readRevision(read),
    },
  };
}

function parseManifest(text: string, name: string): Manifest {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new ContextError('CONTEXT_BAD_MANIFEST', `${name} is not JSON: ${(cause as Error).message}`, {
      hint: 'mend it; npm cannot read it either',
      cause,
    });
  }
  throw new ContextError('CONTEXT_BAD_MANIFEST', `${name} is not an object`, { hint: 'make it one with `npm init`' });
}

async function nodeTag(nvmrc: string | undefined, manifest: Manifest): Promise<string> {
  const wanted = nvmrc?.trim().replace(/^v/, '') ?? '';
  if (/^\d+(?:\.\d+){0,2}$/.test(wanted)) return wanted;
  if (manifest.engines?.node === undefined) return NODE_MAJORS[0] ?? '';
  const arborist = await loadArborist();
  const fits = (major: string): boolean => createEngineCheck(arborist, { node: `${major}.99.0` })(manifest);
  return NODE_MAJORS.find(fits) ?? NODE_MAJORS[0] ?? '';
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
    allowScripts: [],
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
