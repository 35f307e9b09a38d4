import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isWhiteout, type PackEntry, type WhiteoutEntry } from '../../src/core/toc.ts';
import { createTarballSource } from '../../src/npm/fetch-tarballs.ts';
import { planInstallation, readLayer } from '../../src/npm/installation.ts';
import type { OmitType, TarballPackage } from '../../src/npm/npm-tree.ts';
import { parseNpmrc } from '../../src/npm/npmrc.ts';
import { type PackageFiles, unpackPackage } from '../../src/npm/package-files.ts';
import { readProjectFiles } from '../../src/npm/project-files.ts';
import { createRegistryConfig } from '../../src/npm/registry-config.ts';
import { toInstallSettings } from '../../src/npm/settings.ts';
import { createTarballStore, npmContentFolder } from '../../src/npm/tarballs.ts';
import { lockEntry, makeTarball, projectTexts, putIntoNpmCache, type Tarball } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Every path below the folders called `node_modules`: type, mode, link and content. */
type Listing = Readonly<Record<string, string>>;

interface Project {
  readonly folder: string;
  /** npm's cache, which has every tarball. */
  readonly cache: string;
  readonly target?: { readonly os: string; readonly cpu: string; readonly libc?: 'glibc' | 'musl' };
  readonly omit?: readonly OmitType[];
  readonly workspaces?: readonly string[];
}

async function installWithNpm({ folder, cache, target, omit = [], workspaces = [] }: Project): Promise<Listing> {
  const platform = Object.entries(target ?? {}).map(([name, value]) => `--${name}=${value}`);
  const words = [
    ...omit.map((type) => `--omit=${type}`),
    ...workspaces.map((name) => `--workspace=${name}`),
    ...platform,
  ];
  const quiet = ['--ignore-scripts', '--offline', '--no-audit', '--no-fund', `--userconfig=${join(cache, 'none')}`];
  // Settings of an npm that runs these tests are not those of the project.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  await promisify(execFile)('npm', ['ci', ...quiet, `--cache=${cache}`, ...words], { cwd: folder, env });
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

async function installNatively({ folder, cache, target, omit = [], workspaces = [] }: Project): Promise<Listing> {
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
  });
  await using tarballs = createTarballSource({
    store: createTarballStore({ npm: npmContentFolder(cache), own: tempDir() }),
    registry: createRegistryConfig([], [], 'http://packages.invalid/'),
    settings: [],
    readProjectFile: async (path) => read(path),
    offline: true,
    signal: AbortSignal.timeout(60_000),
  });
  const unpack = async (candidate: TarballPackage): Promise<PackageFiles> =>
    await unpackPackage(await tarballs.get(candidate), candidate.name);
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
  return `file ${mode} ${contentOf(entry.path, entry.source?.kind === 'bytes' ? entry.source.bytes : Buffer.alloc(0))}`;
}

async function expectSame(project: Project): Promise<Listing> {
  const native = await installNatively(project);
  const real = await installWithNpm(project);
  expect(native).toEqual(real);
  return native;
}

async function made(
  packages: Readonly<Record<string, Parameters<typeof makeTarball>[0]>>,
  manifest: Readonly<Record<string, unknown>>,
  more: {
    readonly lock?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly entries?: Readonly<Record<string, unknown>>;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<Project> {
  const cache = tempDir();
  const entries: Record<string, unknown> = { ...more.entries };
  for (const [location, each] of Object.entries(packages)) {
    const tarball: Tarball = await makeTarball(each);
    putIntoNpmCache(cache, tarball);
    entries[location] = lockEntry(tarball, more.lock?.[location]);
  }
  return { folder: tempDir({ ...projectTexts(manifest, entries), ...more.files }), cache };
}

describe('this repository, as npm ci installs it from its cache', () => {
  function repository(): Project | undefined {
    const files = ['package.json', 'package-lock.json', '.npmrc'].filter((name) => existsSync(name));
    const folder = tempDir(Object.fromEntries(files.map((name) => [name, readFileSync(name)])));
    return { folder, cache: CACHE };
  }

  it.each([[[]], [['dev']], [['dev', 'optional']]] as const)('without %j', async (omit) => {
    const project = repository();
    if (project === undefined) return;
    const native = await expectSame({ ...project, omit: [...omit] as OmitType[] });
    expect(Object.keys(native).length).toBeGreaterThan(1000);
  });
});

const CACHE = process.env.npm_config_cache ?? join(process.env.HOME ?? '', '.npm');

describe('a project of made packages', () => {
  it('with nested and scoped packages, and programs of all kinds', async () => {
    await expectSame(
      await made(
        {
          'node_modules/@team/tool': {
            name: '@team/tool',
            version: '1.0.0',
            manifest: { bin: './cli.js', dependencies: { old: '1' } },
            files: {
              'cli.js': '#!/usr/bin/env node\r\n1\r\n',
              '.gitignore': 'x',
              'deep/er/file': { content: 'y', mode: 0o777 },
            },
          },
          'node_modules/@team/tool/node_modules/old': {
            name: 'old',
            version: '1.0.0',
            manifest: { bin: { old: 'bin/old', gone: 'nowhere' } },
            files: { 'bin/old': 'x' },
          },
          'node_modules/old': {
            name: 'old',
            version: '2.0.0',
            manifest: { bin: { old: 'bin/old', tool: 'bin/tool' } },
            files: { 'bin/old': 'x', 'bin/tool': '' },
          },
        },
        { dependencies: { '@team/tool': '1', old: '2' } },
      ),
    );
  });

  it('with an alias', async () => {
    await expectSame(
      await made(
        { 'node_modules/alias': { name: 'real', version: '1.0.0', manifest: { bin: 'x.js' }, files: { 'x.js': '1' } } },
        { dependencies: { alias: 'npm:real@1' } },
        { lock: { 'node_modules/alias': { name: 'real', bin: { real: 'x.js' } } } },
      ),
    );
  });

  it('with bundled dependencies', async () => {
    const inner = { name: 'inner', version: '3.0.0', bin: { inner: 'cli.js' } };
    await expectSame(
      await made(
        {
          'node_modules/outer': {
            name: 'outer',
            version: '1.0.0',
            manifest: { dependencies: { inner: '3' }, bundleDependencies: ['inner'] },
            files: {
              'node_modules/inner/package.json': JSON.stringify(inner),
              'node_modules/inner/cli.js': '#!/usr/bin/env node\n',
            },
          },
        },
        { dependencies: { outer: '1' } },
        { entries: { 'node_modules/outer/node_modules/inner': { version: '3.0.0', inBundle: true, bin: inner.bin } } },
      ),
    );
  });

  it.each([
    ['x64', 'glibc'],
    ['arm64', 'glibc'],
    ['x64', 'musl'],
    ['arm64', 'musl'],
  ] as const)('for linux, %s and %s', async (cpu, libc) => {
    const natives = ['x64', 'arm64'].flatMap((arch) =>
      ['glibc', 'musl'].map((c) => ({ name: `@n/${arch}-${c}`, manifest: { os: ['linux'], cpu: [arch], libc: [c] } })),
    );
    const optional = Object.fromEntries(natives.map(({ name }) => [name, '1.0.0']));
    const packages = Object.fromEntries(
      natives.map((native) => [`node_modules/${native.name}`, { version: '1.0.0', ...native }] as const),
    );
    const lock = Object.fromEntries(natives.map(({ name }) => [`node_modules/${name}`, { optional: true }]));
    const host = { name: 'host', version: '1.0.0', manifest: { optionalDependencies: optional } };
    const project = await made({ 'node_modules/host': host, ...packages }, { dependencies: { host: '1' } }, { lock });
    const native = await expectSame({ ...project, target: { os: 'linux', cpu, libc } });
    expect(Object.keys(native).filter((path) => /@n\/[^/]+$/.test(path))).toEqual([`node_modules/@n/${cpu}-${libc}`]);
  });

  describe('with workspaces', () => {
    async function workspaces(): Promise<Project> {
      const api = {
        name: '@team/api',
        version: '1.0.0',
        dependencies: { a: '1', '@team/lib': '*' },
        bin: { api: 'api.js' },
      };
      const lib = { name: '@team/lib', version: '1.0.0' };
      const web = { name: 'web', version: '1.0.0', dependencies: { a: '2' }, devDependencies: { dev: '1' } };
      const link = (resolved: string) => ({ resolved, link: true });
      return await made(
        {
          'node_modules/a': { name: 'a', version: '1.0.0' },
          'packages/web/node_modules/a': {
            name: 'a',
            version: '2.0.0',
            manifest: { bin: 'go.js' },
            files: { 'go.js': '1' },
          },
          'node_modules/dev': { name: 'dev', version: '1.0.0' },
        },
        { workspaces: ['packages/*'] },
        {
          lock: { 'node_modules/dev': { dev: true } },
          entries: {
            'packages/api': api,
            'packages/lib': lib,
            'packages/web': web,
            'node_modules/@team/api': link('packages/api'),
            'node_modules/@team/lib': link('packages/lib'),
            'node_modules/web': link('packages/web'),
          },
          files: {
            'packages/api/package.json': JSON.stringify(api),
            'packages/api/api.js': '#!/usr/bin/env node\n',
            'packages/lib/package.json': JSON.stringify(lib),
            'packages/web/package.json': JSON.stringify(web),
          },
        },
      );
    }

    it('all of them', async () => {
      await expectSame(await workspaces());
    });

    it('without development dependencies', async () => {
      await expectSame({ ...(await workspaces()), omit: ['dev'] });
    });

    it.each([[['@team/api']], [['web']], [['@team/lib', 'packages/web']]])('only %j', async (chosen) => {
      await expectSame({ ...(await workspaces()), workspaces: chosen });
    });
  });
});
