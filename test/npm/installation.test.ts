import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PackEntry } from '../../src/core/toc.ts';
import { type Installation, layerFields, readLayer } from '../../src/npm/installation.ts';
import type { FetchedPackage } from '../../src/npm/npm-tree.ts';
import { type PackageFiles, unpackPackage } from '../../src/npm/package-files.ts';
import { locations, make, plan, simpleProject } from '../support/npm-installation.ts';
import { lockEntry, projectTexts, type Tarball } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';

async function entriesOf(installation: Installation, tarballs: readonly Tarball[], layer = 0): Promise<PackEntry[]> {
  const planned = installation.layers[layer];
  if (planned === undefined) throw new Error(`no layer ${layer}`);
  const unpack = async ({ source, name }: FetchedPackage): Promise<PackageFiles> => {
    const found = tarballs.find(({ integrity }) => source.kind === 'tarball' && integrity === source.integrity);
    if (found === undefined) throw new Error('no such tarball');
    return await unpackPackage(Buffer.from(found.bytes), name, join(tempDir(), 'spool'));
  };
  const entries = readLayer(planned, installation, {
    place: { folder: 'app', owner: { uid: 10, gid: 20 }, existing: () => undefined, emptied: [] },
    unpack,
    programsIn: async (candidate) => new Set((await unpack(candidate)).keys()),
    hasProjectFile: () => true,
  });
  const all = await Array.fromAsync(entries);
  return all.filter((entry): entry is PackEntry => entry.type !== 'whiteout' && entry.type !== 'opaque');
}

describe('an installation', () => {
  it('has what the lockfile has, but for what is left out', async () => {
    const { files } = await simpleProject();
    expect(locations(await plan(files))).toEqual(['node_modules/a', 'node_modules/b']);
    expect(locations(await plan(files, { omit: ['dev'] }))).toEqual(['node_modules/a']);
  });

  it('makes a program executable, links it, and mends the line that names its interpreter', async () => {
    const program = { content: '#!/usr/bin/env node\r\nrun()\r\n', mode: 0o644 };
    const { a, b, files } = await simpleProject({
      manifest: { bin: { go: './bin/go.js' } },
      files: { 'bin/go.js': program },
    });
    const entries = await entriesOf(await plan(files), [a, b]);
    const found = entries.find(({ path }) => path === 'app/node_modules/a/bin/go.js');
    expect(found).toMatchObject({ mode: 0o755, uid: 10, gid: 20 });
    expect(found?.source?.kind === 'bytes' && Buffer.from(found.source.bytes).toString()).toBe(
      '#!/usr/bin/env node\nrun()\r\n',
    );
    expect(entries.find(({ path }) => path === 'app/node_modules/.bin/go')).toMatchObject({
      type: 'symlink',
      link: '../a/bin/go.js',
    });
  });

  it('links no program that is not in the package', async () => {
    const { a, b, files } = await simpleProject({ manifest: { bin: { go: 'missing.js' } } });
    expect((await entriesOf(await plan(files), [a, b])).map(({ path }) => path)).not.toContain(
      'app/node_modules/.bin/go',
    );
  });

  it('gives a name that two packages want to the one that npm gives it to', async () => {
    const [a, b] = (await make(
      { name: 'a', version: '1.0.0', manifest: { bin: { go: 'a.js' } }, files: { 'a.js': '' } },
      { name: 'b', version: '1.0.0', manifest: { bin: { go: 'b.js' } }, files: { 'b.js': '' } },
    )) as [Tarball, Tarball];
    const files = projectTexts(
      { dependencies: { a: '1', b: '1' } },
      { 'node_modules/b': lockEntry(b), 'node_modules/a': lockEntry(a) },
    );
    const entries = await entriesOf(await plan(files), [a, b]);
    expect(entries.find(({ path }) => path === 'app/node_modules/.bin/go')?.link).toBe('../a/a.js');
    expect(entries.find(({ path }) => path === 'app/node_modules/b/b.js')?.mode).toBe(0o644);
  });

  it('lists what it holds as npm does, without what is left out', async () => {
    const { files } = await simpleProject();
    const { tree } = await plan(files, { omit: ['dev'] });
    const hidden = JSON.parse(tree.hiddenLockfile) as { packages: Record<string, unknown>; lockfileVersion: number };
    expect(hidden.lockfileVersion).toBe(3);
    expect(Object.keys(hidden.packages)).toEqual(['node_modules/a']);
  });

  it('lays nested packages over what their parent brings', async () => {
    const [a, b] = (await make(
      { name: 'a', version: '1.0.0', manifest: { dependencies: { b: '1' } }, files: { 'zz.js': 'z' } },
      { name: 'b', version: '1.0.0' },
    )) as [Tarball, Tarball];
    const files = projectTexts(
      { dependencies: { a: '1' } },
      { 'node_modules/a': lockEntry(a), 'node_modules/a/node_modules/b': lockEntry(b) },
    );
    expect((await entriesOf(await plan(files), [a, b])).map(({ path }) => path)).toEqual([
      'app',
      'app/node_modules',
      'app/node_modules/.package-lock.json',
      'app/node_modules/a',
      'app/node_modules/a/node_modules',
      'app/node_modules/a/node_modules/b',
      'app/node_modules/a/node_modules/b/package.json',
      'app/node_modules/a/package.json',
      'app/node_modules/a/zz.js',
    ]);
  });
});

describe('platforms', () => {
  async function nativeProject(optional: boolean) {
    const [tool, gnu, musl] = (await make(
      { name: 'tool', version: '1.0.0', manifest: { optionalDependencies: { gnu: '1', musl: '1' } } },
      { name: 'gnu', version: '1.0.0', manifest: { os: ['linux'], cpu: ['x64'], libc: ['glibc'] } },
      { name: 'musl', version: '1.0.0', manifest: { os: ['linux'], cpu: ['arm64'], libc: ['musl'] } },
    )) as [Tarball, Tarball, Tarball];
    const more = optional ? { optional: true } : {};
    return projectTexts(
      { dependencies: optional ? { tool: '1' } : { tool: '1', gnu: '1' } },
      {
        'node_modules/tool': lockEntry(tool),
        'node_modules/gnu': lockEntry(gnu, more),
        'node_modules/musl': lockEntry(musl, { optional: true }),
      },
    );
  }

  it('choose among optional packages', async () => {
    const files = await nativeProject(true);
    expect(locations(await plan(files))).toEqual(['node_modules/gnu', 'node_modules/tool']);
    const target = { os: 'linux', cpu: 'arm64', libc: 'musl' } as const;
    expect(locations(await plan(files, { target }))).toEqual(['node_modules/musl', 'node_modules/tool']);
  });

  it('refuse a required package by its name', async () => {
    const target = { os: 'linux', cpu: 'arm64', libc: 'glibc' } as const;
    await expect(plan(await nativeProject(false), { target })).rejects.toMatchObject({
      code: 'STEP_NPM_PLATFORM',
      message: expect.stringContaining('gnu@1.0.0'),
    });
  });
});

describe('what cannot be installed natively', () => {
  it('is a lockfile that does not fit package.json', async () => {
    const { files } = await simpleProject();
    const packageJson = JSON.stringify({ name: 'app', version: '1.0.0', dependencies: { a: '^3.0.0', c: '1' } });
    await expect(plan({ ...files, 'package.json': packageJson })).rejects.toMatchObject({
      code: 'STEP_NPM_OUT_OF_SYNC',
      message: expect.stringMatching(/a@\^3\.0\.0.*c@1/),
    });
  });

  it.each([
    ['pnpm-lock.yaml', 'STEP_NPM_FOREIGN_LOCKFILE'],
    ['yarn.lock', 'STEP_NPM_FOREIGN_LOCKFILE'],
    ['nothing', 'STEP_NPM_NO_LOCKFILE'],
  ])('is a project with %s', async (name, code) => {
    await expect(plan({ 'package.json': '{}', [name]: '' })).rejects.toMatchObject({ code });
  });

  it.each(['{', '{"lockfileVersion":1}', '[]', '{"lockfileVersion":3}'])('is the lockfile %j', async (text) => {
    await expect(plan({ 'package.json': '{}', 'package-lock.json': text })).rejects.toMatchObject({
      code: 'STEP_NPM_BAD_LOCKFILE',
    });
  });

  it('is a package without an integrity', async () => {
    const without = { version: '1.0.0', resolved: 'http://packages.invalid/a.tgz' };
    const files = projectTexts({ dependencies: { a: '*' } }, { 'node_modules/a': without });
    await expect(plan(files)).rejects.toMatchObject({ code: 'STEP_NPM_NO_INTEGRITY' });
  });

  it('is a package for another Node when engines are strict', async () => {
    const { files } = await simpleProject({ manifest: { engines: { node: '<20' } } });
    await expect(plan(files, { engineStrict: true })).rejects.toMatchObject({ code: 'STEP_NPM_ENGINE' });
    expect(locations(await plan(files))).toContain('node_modules/a');
  });
});

describe('a package from git', () => {
  const resolved = 'git+ssh://git@code.invalid/a.git#0123456789012345678901234567890123456789';
  const files = (address: string, more: object = {}) =>
    projectTexts(
      { dependencies: { a: address } },
      { 'node_modules/a': { version: '1.0.0', resolved: address, ...more } },
    );

  it.each([{}, { integrity: 'sha512-AAAA' }])('is known by its commit alone, with %j', async (more) => {
    const { tree } = await plan(files(resolved, more));
    expect(tree.packages.map(({ source }) => source)).toEqual([{ kind: 'git', resolved }]);
    expect(tree.hiddenLockfile).toContain(resolved);
  });

  it('makes its layer anew with another commit, or other rules of packing', async () => {
    const fieldsOf = ({ layers, ...rest }: Installation): string[] =>
      layers.flatMap((layer) => (layer.packages.length > 0 ? layerFields(layer, { layers, ...rest }) : []));
    const first = await plan(files(resolved), { layers: 2 });
    const other = await plan(files(`${resolved.slice(0, -1)}0`), { layers: 2 });
    const fields = [first, other, { ...first, packRules: 'npm 10' as const }].map(fieldsOf);
    expect(new Set(fields.map((each) => JSON.stringify(each))).size).toBe(3);
  });
});

describe('layers', () => {
  async function layeredProject(version: string) {
    const made = await make(
      { name: 'a', version, manifest: { dependencies: { b: '1', c: '1' } } },
      { name: 'b', version: '1.0.0' },
      { name: 'c', version: '1.0.0' },
    );
    const packages = Object.fromEntries(made.map((one) => [`node_modules/${one.name}`, lockEntry(one)]));
    return projectTexts({ dependencies: { a: '*' } }, packages);
  }

  it.each([1, 2, 3, 5])('are no more than asked for: %i', async (layers) => {
    const installation = await plan(await layeredProject('1.0.0'), { layers });
    expect(installation.layers.length).toBeLessThanOrEqual(layers);
    const all = installation.layers.flatMap(({ packages }) => packages.map(({ name }) => name));
    expect(all.sort()).toEqual(['a', 'b', 'c']);
  });

  it('keep apart what the project asks for from what that needs, whatever the versions', async () => {
    const names = async (version: string) =>
      (await plan(await layeredProject(version), { layers: 3 })).layers.map(({ packages }) =>
        packages.map(({ name }) => name),
      );
    expect(await names('1.0.0')).toEqual([['b', 'c'], ['a'], []]);
    expect(await names('7.0.0')).toEqual(await names('1.0.0'));
  });
});
