import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type SbomOptions, sbom } from '../../src/index.ts';
import { parseProjectConfig } from '../../src/npm/project-config.ts';
import { readSchema, type Schema, validator } from '../support/json-schema.ts';
import { lockEntry, makeTarball, projectTexts } from '../support/npm-packages.ts';
import { spdxComplaints } from '../support/spdx-rules.ts';
import { spdxSchemaComplaints } from '../support/spdx-schema.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('the published schema of CycloneDX 1.6', () => {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json')),
    'res/schema',
  );
  const read = (name: string): Schema => readSchema(join(folder, `${name}.SNAPSHOT.schema.json`));
  // Under the addresses by which the copies in this package know each other.
  const others = ['spdx', 'jsf-0.82'].map(
    (name) => [`http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`, read(name)] as const,
  );
  const complaints = validator(read('bom-1.6'), new Map(others));

  it('accepts what is made of this repository', async () => {
    expect(complaints(await sbom())).toEqual([]);
  });

  it.each<SbomOptions>([{ omit: ['dev'] }, { platform: 'linux/arm64', libc: 'musl' }])(
    'accepts it with %j',
    async (options) => {
      expect(complaints(await sbom(options))).toEqual([]);
    },
  );

  it('accepts scopes, aliases, bundled packages and licences of all kinds', async () => {
    expect(complaints(await sbom({ context: await oddProject() }))).toEqual([]);
  });

  it('would not accept anything', () => {
    expect(complaints({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ type: 'thing' }] })).not.toEqual([]);
  });
});

describe.each([
  ['the published schema of SPDX 2.3', spdxSchemaComplaints],
  ['the rules of SPDX 2.3', spdxComplaints],
])('%s', (_name, complaints) => {
  it.each<SbomOptions>([{}, { omit: ['dev'] }, { platform: 'linux/arm64', libc: 'musl' }])(
    'accepts what is made of this repository with %j',
    async (options) => {
      expect(complaints(await sbom({ ...options, format: 'spdx' }))).toEqual([]);
    },
  );

  it('accepts scopes, aliases, bundled packages and licences of all kinds', async () => {
    expect(complaints(await sbom({ context: await oddProject(), format: 'spdx' }))).toEqual([]);
  });

  it.each([
    ['a field that SPDX does not have', (document: Spdx) => ({ ...document, more: 1 })],
    ['no version', ({ spdxVersion: _, ...document }: Spdx) => document],
    ['a digest of another algorithm', (document: Spdx) => withPackage(document, { checksums: [{ algorithm: 'MD9' }] })],
    ['an identifier that is a number', (document: Spdx) => withPackage(document, { SPDXID: 1 })],
    ['no place to get a package from', (document: Spdx) => withPackage(document, { downloadLocation: undefined })],
  ])('refuses %s', async (_what, spoil) => {
    const document = (await sbom({ context: await oddProject(), format: 'spdx' })) as Spdx;
    expect(complaints(JSON.parse(JSON.stringify(spoil(document))))).not.toEqual([]);
  });
});

it('The rules of SPDX 2.3 refuse an identifier with a slash', async () => {
  const document = (await sbom({ context: await oddProject(), format: 'spdx' })) as Spdx;
  expect(spdxComplaints(withPackage(document, { SPDXID: 'SPDXRef-a/b' }))).not.toEqual([]);
});

describe('the schema of the field lamella of package.json', () => {
  const complaints = validator(readSchema('schema/package-lamella.json'));
  const isRead = (lamella: unknown): boolean => {
    try {
      parseProjectConfig({ lamella }, { name: 'package.json', text: JSON.stringify({ lamella }) });
      return true;
    } catch {
      return false;
    }
  };

  it.each([
    { base: 'node:24', node: '22.1.0', build: true, files: ['dist'], exclude: ['docs'], command: ['node', 'a b.js'] },
    { env: { A_1: 'x', b: '' }, labels: { 'org.example/a': 'b' }, expose: [1, 65535], user: '1000:1000' },
    { stopSignal: 'SIGRTMIN+3', scripts: 'sandbox' },
    { stopSignal: '9', scripts: 'ignore' },
    {},
  ])('accepts %j, which is read', (lamella) => {
    expect([complaints(lamella), isRead(lamella)]).toEqual([[], true]);
  });

  it.each([
    3,
    [],
    'x',
    { nothing: 1 },
    { base: '' },
    { base: 'a b' },
    { node: '24 slim' },
    { build: 'yes' },
    { files: 'dist' },
    { files: [''] },
    { exclude: ['a\nb'] },
    { command: [] },
    { command: [1] },
    { env: { 'A B': 'x' } },
    { env: { A: 1 } },
    { env: [] },
    { labels: { 'a b': 'x' } },
    { expose: [0] },
    { expose: [65536] },
    { expose: ['80'] },
    { expose: [1.5] },
    { user: '' },
    { stopSignal: 'TERM' },
    { scripts: 'container' },
  ])('refuses %j, which is refused', (lamella) => {
    expect([complaints(lamella).length > 0, isRead(lamella)]).toEqual([true, false]);
  });
});

async function oddProject(): Promise<string> {
  const licences = ['MIT', '(MIT OR Apache-2.0)', 'SEE LICENSE IN LICENSE', 'UNLICENSED', { type: 'BSD' }];
  const made = await Promise.all(
    licences.map((license, index) =>
      makeTarball({ name: `@team/p${index}`, version: `1.0.${index}-rc.1+build`, manifest: { license } }),
    ),
  );
  const bundling = { dependencies: { inner: '1' }, bundleDependencies: ['inner'] };
  const entries = made.map((tarball, index) => [
    `node_modules/alias${index}`,
    lockEntry(tarball, { name: tarball.name, ...(index === 0 && bundling) }),
  ]);
  const dependencies = made.map(({ name, version }, index) => [`alias${index}`, `npm:${name}@${version}`]);
  const bundled = { version: '1.0.0', inBundle: true };
  return tempDir(
    projectTexts(
      { name: '@team/app', dependencies: Object.fromEntries(dependencies), bundleDependencies: [] },
      { ...Object.fromEntries(entries), 'node_modules/alias0/node_modules/inner': bundled },
    ),
  );
}

interface Spdx {
  readonly spdxVersion: string;
  readonly packages: readonly object[];
}

function withPackage(document: Spdx, changed: object): Spdx {
  return { ...document, packages: document.packages.map((one) => ({ ...one, ...changed })) };
}
