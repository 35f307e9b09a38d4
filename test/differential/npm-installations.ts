import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { isWhiteout, type PackEntry, type WhiteoutEntry } from '../../src/core/toc.ts';
import { npmContentFolder } from '../../src/npm/content-folder.ts';
import { createTarballSource } from '../../src/npm/fetch-tarballs.ts';
import { planInstallation, readLayer } from '../../src/npm/installation.ts';
import { type FetchedPackage, isGit, type OmitType } from '../../src/npm/npm-tree.ts';
import { parseNpmrc } from '../../src/npm/npmrc.ts';
import { type PackageContent, readBeginning } from '../../src/npm/package-contents.ts';
import { type PackageFiles, unpackPackage } from '../../src/npm/package-files.ts';
import { readProjectFiles } from '../../src/npm/project-files.ts';
import { createRegistryConfig } from '../../src/npm/registry-config.ts';
import { toInstallSettings } from '../../src/npm/settings.ts';
import { createTarballStore } from '../../src/npm/tarballs.ts';
import { lockEntry, makeTarball, projectTexts, putIntoNpmCache, type Tarball } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Every path below the folders called `node_modules`: type, mode, link and content. */
type Listing = Readonly<Record<string, string>>;

interface Project {
  readonly folder: string;
  /** npm's cache, which has every tarball; without it, npm is as it is set up on this machine, network and all. */
  readonly cache?: string;
  /** Whether npm may also ask servers. */
  readonly isOnline?: boolean;
  readonly target?: { readonly os: string; readonly cpu: string; readonly libc?: 'glibc' | 'musl' };
  readonly omit?: readonly OmitType[];
  readonly workspaces?: readonly string[];
}

/** A project whose tarballs are all in a cache: nothing is asked of a network. */
export interface CachedProject extends Project {
  readonly cache: string;
}

/** By the real npm. */
export async function installWithNpm(project: Project): Promise<Listing> {
  const { folder, cache, isOnline = false, target = {}, omit = [], workspaces = [] } = project;
  const words = [
    ...omit.map((type) => `--omit=${type}`),
    ...workspaces.map((name) => `--workspace=${name}`),
    ...Object.entries(target).map(([name, value]) => `--${name}=${value}`),
    ...(cache === undefined
      ? []
      : [...(isOnline ? [] : ['--offline']), `--cache=${cache}`, `--userconfig=${join(cache, 'none')}`]),
  ];
  // Settings of an npm that runs these tests are not those of the project.
  const others = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const env = cache === undefined ? process.env : Object.fromEntries(others);
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', ...words], {
    cwd: folder,
    env,
  });
  return listModules(folder);
}

/** What is below the folders called `node_modules` of a project. */
export function listModules(folder: string): Listing {
  return onlyModules(listFolder(folder));
}

function listFolder(folder: string, below = ''): Listing {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(folder, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    const stat = lstatSync(join(folder, path));
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isDirectory()) Object.assign(found, { [path]: `directory ${mode}` }, listFolder(folder, path));
    else if (stat.isSymbolicLink()) found[path] = `link ${readlinkSync(join(folder, path))}`;
    else found[path] = `file ${mode} ${contentOf(path, readFileSync(join(folder, path)))}`;
  }
  return found;
}

function onlyModules(listing: Listing): Listing {
  return Object.fromEntries(Object.entries(listing).filter(([path]) => path.split('/').includes('node_modules')));
}

/** npm's own text as it is, so that a difference shows. */
function contentOf(path: string, bytes: Uint8Array): string {
  if (path.endsWith('.package-lock.json')) return Buffer.from(bytes).toString();
  return createHash('sha256').update(bytes).digest('hex');
}

/** By the modules that do it, from npm's cache. */
async function installNatively({ folder, cache, target, omit = [], workspaces = [] }: CachedProject): Promise<Listing> {
  const read = (path: string): Buffer | undefined => {
    const at = join(folder, path);
    return existsSync(at) ? readFileSync(at) : undefined;
  };
  const files = await readProjectFiles(async (path) => read(path)?.toString());
  const settings = toInstallSettings([parseNpmrc(files.npmrc, () => undefined)], false);
  const installation = await planInstallation(files, {
    ...settings,
    target: target ?? { os: process.platform, cpu: process.arch, libc: 'glibc' },
    engines: {},
    omit: new Set(omit),
    workspaces,
    scratch: join(tempDir(), 'scratch'),
    layerCount: 3,
    packRules: 'npm 10',
  });
  await using tarballs = createTarballSource({
    store: createTarballStore({ npm: npmContentFolder(cache), own: tempDir() }),
    registry: createRegistryConfig([], [], 'http://packages.invalid/'),
    settings: [],
    readProjectFile: async (path) => read(path),
    offline: true,
    signal: AbortSignal.timeout(60_000),
  });
  const unpack = async (candidate: FetchedPackage): Promise<PackageFiles> => {
    if (isGit(candidate)) throw new TypeError('nothing here comes from git');
    return await unpackPackage(await tarballs.get(candidate), candidate.name, join(tempDir(), 'spool'));
  };
  const found: Record<string, string> = {};
  for (const layer of installation.layers) {
    const entries = readLayer(layer, installation, {
      place: { folder: '', owner: { uid: 0, gid: 0 }, existing: () => undefined, emptied: [] },
      unpack,
      programsIn: async (candidate) => new Set((await unpack(candidate)).keys()),
      hasProjectFile: (path) => existsSync(join(folder, path)),
    });
    for await (const entry of entries) found[entry.path] = describeEntry(entry);
  }
  return onlyModules(found);
}

function describeEntry(entry: PackEntry | WhiteoutEntry): string {
  if (isWhiteout(entry)) return entry.type;
  if (entry.type === 'symlink') return `link ${entry.link}`;
  const mode = entry.mode.toString(8);
  if (entry.type === 'directory') return `directory ${mode}`;
  return `file ${mode} ${contentOf(entry.path, readBeginning(entry.source as PackageContent | undefined, entry.size))}`;
}

/** Installs both ways and compares every path; gives what there is. */
export async function expectSame(project: CachedProject): Promise<Listing> {
  const native = await installNatively(project);
  const real = await installWithNpm(project);
  expect(native).toEqual(real);
  return native;
}

/** A project of made packages, by the locations that the lockfile has them at. */
export async function made(
  packages: Readonly<Record<string, Parameters<typeof makeTarball>[0]>>,
  manifest: Readonly<Record<string, unknown>>,
  more: {
    readonly lock?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly entries?: Readonly<Record<string, unknown>>;
    readonly files?: Readonly<Record<string, string | Uint8Array>>;
  } = {},
): Promise<CachedProject> {
  const cache = tempDir();
  const entries: Record<string, unknown> = { ...more.entries };
  for (const [location, each] of Object.entries(packages)) {
    const tarball: Tarball = await makeTarball(each);
    putIntoNpmCache(cache, tarball);
    entries[location] = lockEntry(tarball, more.lock?.[location]);
  }
  return { folder: tempDir({ ...projectTexts(manifest, entries), ...more.files }), cache };
}
