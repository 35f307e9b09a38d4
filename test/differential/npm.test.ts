import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OmitType } from '../../src/npm/npm-tree.ts';
import { lockEntry, type MadePackage, makeTarball, TEAM_LINKS } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type CachedProject, expectSame, made } from './npm-installations.ts';

describe('this repository, as npm ci installs it from its cache', () => {
  function repository(): CachedProject {
    const files = ['package.json', 'package-lock.json', '.npmrc'].filter((name) => existsSync(name));
    const folder = tempDir(Object.fromEntries(files.map((name) => [name, readFileSync(name)])));
    return { folder, cache: CACHE };
  }

  it.each<[readonly OmitType[]]>([[[]], [['dev']], [['dev', 'optional']]])('without %j', async (omit) => {
    const native = await expectSame({ ...repository(), omit: [...omit] });
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

  it('with more than 300 packages, nested where they want other versions', async () => {
    const names = Array.from({ length: 160 }, (_, at) => `p${at}`);
    const packages: Record<string, MadePackage> = {};
    for (const [at, name] of names.entries()) {
      const next = names[at + 1] ?? 'p0';
      const manifest = { dependencies: { [next]: '2' }, bin: 'x.js' };
      packages[`node_modules/${name}`] = { name, version: '1.0.0', manifest, files: { 'x.js': name } };
      packages[`node_modules/${name}/node_modules/${next}`] = { name: next, version: '2.0.0' };
    }
    const dependencies = Object.fromEntries(names.map((name) => [name, '1']));
    const native = await expectSame(await made(packages, { dependencies }));
    expect(Object.keys(native).filter((path) => path.endsWith('/package.json'))).toHaveLength(320);
  });

  it('with a tarball and a folder of the project, which needs something itself', async () => {
    const local = await makeTarball({
      name: 'local',
      version: '1.0.0',
      manifest: { bin: 'go.js' },
      files: { 'go.js': '' },
    });
    const lib = { name: 'lib', version: '1.0.0', bin: 'lib.js', dependencies: { a: '2' } };
    await expectSame(
      await made(
        {
          'node_modules/a': { name: 'a', version: '1.0.0' },
          'parts/lib/node_modules/a': { name: 'a', version: '2.0.0' },
        },
        { dependencies: { a: '1', lib: 'file:parts/lib', local: 'file:vendor/local.tgz' } },
        {
          entries: {
            'node_modules/lib': { resolved: 'parts/lib', link: true },
            'node_modules/local': lockEntry(local, { resolved: 'file:vendor/local.tgz' }),
            'parts/lib': { ...lib, bin: { lib: 'lib.js' } },
          },
          files: {
            'parts/lib/package.json': JSON.stringify(lib),
            'parts/lib/lib.js': '#!/usr/bin/env node\n',
            'vendor/local.tgz': local.bytes,
          },
        },
      ),
    );
  });

  it('with overrides', async () => {
    const overrides = { b: '2.0.0', a: { c: '3.0.0' } };
    await expectSame(
      await made(
        {
          'node_modules/a': { name: 'a', version: '1.0.0', manifest: { dependencies: { b: '1', c: '1' } } },
          'node_modules/a/node_modules/c': { name: 'c', version: '3.0.0' },
          'node_modules/b': { name: 'b', version: '2.0.0', manifest: { dependencies: { c: '1' } } },
          'node_modules/c': { name: 'c', version: '1.0.0' },
        },
        { dependencies: { a: '1', c: '1' }, overrides },
      ),
    );
  });

  describe('with dependencies of all kinds', () => {
    const KINDS = ['dev', 'optional', 'peer'] as const;

    /** What each package is for says its name: `dev-optional` is wanted both by `dev` and by `optional`. */
    async function allKinds(): Promise<CachedProject> {
      const peers = {
        peerDependencies: { peer: '1', either: '1' },
        peerDependenciesMeta: { either: { optional: true } },
      };
      const wanting = (name: string) => ({ dependencies: { [name]: '1' } });
      return await made(
        {
          'node_modules/plain': { name: 'plain', version: '1.0.0', manifest: peers },
          'node_modules/peer': { name: 'peer', version: '1.0.0', manifest: wanting('peer-inner') },
          'node_modules/peer-inner': { name: 'peer-inner', version: '1.0.0' },
          'node_modules/dev': { name: 'dev', version: '1.0.0', manifest: wanting('dev-optional') },
          'node_modules/optional': { name: 'optional', version: '1.0.0', manifest: wanting('dev-optional') },
          'node_modules/dev-optional': {
            name: 'dev-optional',
            version: '1.0.0',
            manifest: { bin: 'x.js' },
            files: { 'x.js': '' },
          },
          'node_modules/foreign': { name: 'foreign', version: '1.0.0', manifest: { os: ['win32'] } },
        },
        {
          dependencies: { plain: '1' },
          devDependencies: { dev: '1' },
          optionalDependencies: { optional: '1', foreign: '1' },
        },
        {
          lock: {
            'node_modules/peer': { peer: true },
            'node_modules/peer-inner': { peer: true },
            'node_modules/dev': { dev: true },
            'node_modules/optional': { optional: true },
            'node_modules/dev-optional': { devOptional: true },
            'node_modules/foreign': { optional: true },
          },
        },
      );
    }

    const combinations = Array.from({ length: 8 }, (_, bits) => KINDS.filter((_kind, at) => (bits >> at) & 1));

    it.each(combinations.map((omit) => [omit] as const))('without %j', async (omit) => {
      await expectSame({ ...(await allKinds()), omit });
    });
  });

  it.each([
    ['with npm-shrinkwrap.json, which counts before package-lock.json', 'npm-shrinkwrap.json', 3],
    ['with a lockfile of version 2', 'package-lock.json', 2],
  ])('%s', async (_what, name, lockfileVersion) => {
    const project = await made({ 'node_modules/a': { name: 'a', version: '1.0.0' } }, { dependencies: { a: '1' } });
    const path = join(project.folder, 'package-lock.json');
    const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, object> };
    const legacy = { dependencies: { a: { version: '1.0.0', ...lock.packages['node_modules/a'] } } };
    if (name !== 'package-lock.json') writeFileSync(path, '{"lockfileVersion":3,"packages":{}}');
    const text = JSON.stringify({ ...lock, lockfileVersion, ...(lockfileVersion === 2 && legacy) });
    writeFileSync(join(project.folder, name), text);
    expect(Object.keys(await expectSame(project))).toContain('node_modules/a/package.json');
  });

  it.each(['legacy-peer-deps=true', 'install-links=true', 'bin-links=false', 'omit-lockfile-registry-resolved=true'])(
    'with %s in its .npmrc',
    async (setting) => {
      const project = await made(
        {
          'node_modules/a': { name: 'a', version: '1.0.0', manifest: { bin: 'x.js' }, files: { 'x.js': '' } },
        },
        { dependencies: { a: '1' } },
        { files: { '.npmrc': `${setting}\n` } },
      );
      await expectSame(project);
    },
  );

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
    async function workspaces(): Promise<CachedProject> {
      const api = {
        name: '@team/api',
        version: '1.0.0',
        dependencies: { a: '1', '@team/lib': '*' },
        bin: { api: 'api.js' },
      };
      const lib = { name: '@team/lib', version: '1.0.0' };
      const web = { name: 'web', version: '1.0.0', dependencies: { a: '2' }, devDependencies: { dev: '1' } };
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
            ...TEAM_LINKS,
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
