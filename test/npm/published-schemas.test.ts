import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { type SbomOptions, sbom } from '../../src/index.ts';
import { parseProjectConfig } from '../../src/npm/project-config.ts';
import { lockEntry, makeTarball, projectTexts } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';

type Schema = Readonly<Record<string, unknown>>;
type Validate = (value: unknown) => readonly string[];

function readSchema(path: string): Schema {
  return JSON.parse(readFileSync(path, 'utf8')) as Schema;
}

/** Complaints about a value, each with its place. */
function validator(schema: Schema, others: ReadonlyMap<string, Schema> = new Map()): Validate {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // Formats of addresses in other scripts, which ajv does not know.
  for (const format of ['idn-email', 'iri-reference']) ajv.addFormat(format, true);
  for (const [address, other] of others) ajv.addSchema(other, address);
  const validate = ajv.compile(schema);
  return (value) =>
    validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

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

/** The rules of SPDX 2.3 (clauses 6, 7 and 11) for the fields that are written: nothing else may be there. */
const SPDX_RULES = ((): Schema => {
  const text = { type: 'string', minLength: 1 };
  const id = { type: 'string', pattern: '^SPDXRef-[A-Za-z0-9.-]+$' };
  const closed = (properties: Schema, optional: readonly string[] = []): Schema => ({
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  });
  const list = (items: Schema): Schema => ({ type: 'array', minItems: 1, items });
  const digest = (algorithm: string, digits: number): Schema =>
    closed({ algorithm: { const: algorithm }, checksumValue: { type: 'string', pattern: `^[0-9a-f]{${digits}}$` } });
  const purl = closed({
    referenceCategory: { const: 'PACKAGE-MANAGER' },
    referenceType: { const: 'purl' },
    referenceLocator: { type: 'string', pattern: '^pkg:npm/\\S+$' },
  });
  const entry = {
    SPDXID: id,
    name: text,
    versionInfo: text,
    filesAnalyzed: { const: false },
    licenseConcluded: { const: 'NOASSERTION' },
    licenseDeclared: text,
    copyrightText: text,
    downloadLocation: text,
    primaryPackagePurpose: { const: 'APPLICATION' },
    checksums: list({ oneOf: [digest('SHA1', 40), digest('SHA256', 64), digest('SHA384', 96), digest('SHA512', 128)] }),
    externalRefs: list(purl),
  };
  const relation = {
    spdxElementId: id,
    relatedSpdxElement: id,
    relationshipType: { enum: ['DESCRIBES', 'DEPENDS_ON'] },
  };
  const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' };
  return closed({
    spdxVersion: { const: 'SPDX-2.3' },
    dataLicense: { const: 'CC0-1.0' },
    SPDXID: { const: 'SPDXRef-DOCUMENT' },
    name: text,
    documentNamespace: { type: 'string', format: 'uri' },
    creationInfo: closed({ created: time, creators: list({ type: 'string', pattern: '^Tool: \\S+$' }) }),
    packages: list(closed(entry, ['versionInfo', 'primaryPackagePurpose', 'checksums', 'externalRefs'])),
    relationships: list(closed(relation)),
  });
})();

describe('the rules of SPDX 2.3', () => {
  const complaints = validator(SPDX_RULES);

  it('hold for what is made of this repository', async () => {
    expect(complaints(await sbom({ format: 'spdx' }))).toEqual([]);
  });

  it('hold for scopes, aliases, bundled packages and licences of all kinds', async () => {
    expect(complaints(await sbom({ context: await oddProject(), format: 'spdx' }))).toEqual([]);
  });
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
