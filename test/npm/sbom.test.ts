import { describe, expect, it } from 'vitest';
import { sbom } from '../../src/index.ts';
import type { PackageSource } from '../../src/npm/npm-tree.ts';
import { licenseExpression, packageUrl } from '../../src/npm/sbom/describe.ts';
import { lockEntry, makeTarball, projectTexts, type Tarball } from '../support/npm-packages.ts';
import { spdxComplaints } from '../support/spdx-rules.ts';
import { tempDir } from '../support/temp-dir.ts';

async function project(): Promise<{ folder: string; a: Tarball; b: Tarball }> {
  const a = await makeTarball({
    name: '@team/a',
    version: '1.0.0',
    manifest: { dependencies: { b: '2' }, license: 'MIT' },
  });
  const b = await makeTarball({ name: 'b', version: '2.0.0', manifest: { license: 'SEE LICENSE IN LICENSE' } });
  const files = projectTexts(
    { name: 'app', version: '3.0.0', license: 'Apache-2.0', dependencies: { '@team/a': '1' } },
    {
      'node_modules/@team/a': lockEntry(a),
      'node_modules/b': lockEntry(b, { resolved: 'http://u:p@packages.invalid/b.tgz?token=x' }),
    },
  );
  return { folder: tempDir(files), a, b };
}

function hex({ integrity }: Tarball): string {
  return Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
}

/** The parts of the documents that the tests look at. */
interface CycloneDx {
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly component: { readonly 'bom-ref': string } };
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Spdx {
  readonly packages: readonly { readonly SPDXID: string; readonly licenseDeclared: string }[];
  readonly relationships: readonly { spdxElementId: string; relatedSpdxElement: string; relationshipType: string }[];
  readonly [key: string]: unknown;
}

describe('CycloneDX', () => {
  it('says of each package what it is, with the digest of its tarball', async () => {
    const { folder, a, b } = await project();
    const { components, specVersion } = (await sbom({ context: folder })) as CycloneDx;
    expect(specVersion).toBe('1.6');
    expect(components).toEqual([
      expect.objectContaining({
        group: '@team',
        name: 'a',
        purl: 'pkg:npm/%40team/a@1.0.0',
        hashes: [{ alg: 'SHA-512', content: hex(a) }],
        licenses: [{ expression: 'MIT' }],
      }),
      expect.objectContaining({
        name: 'b',
        hashes: [{ alg: 'SHA-512', content: hex(b) }],
        licenses: [{ license: { name: 'SEE LICENSE IN LICENSE' } }],
        externalReferences: [{ type: 'distribution', url: 'http://packages.invalid/b.tgz' }],
      }),
    ]);
  });

  it('has a unique name for everything, and depends on nothing else', async () => {
    const { folder } = await project();
    const { components, dependencies, metadata, serialNumber } = (await sbom({ context: folder })) as CycloneDx;
    const refs = [metadata.component['bom-ref'], ...components.map((component) => component['bom-ref'])];
    expect(new Set(refs).size).toBe(refs.length);
    expect(dependencies.map(({ ref }) => ref)).toEqual(refs);
    expect(dependencies.map(({ dependsOn }) => dependsOn)).toEqual([['node_modules/@team/a'], ['node_modules/b'], []]);
    expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is the same wherever it is made, and another for another tree', async () => {
    const first = await sbom({ context: (await project()).folder });
    expect(await sbom({ context: (await project()).folder })).toEqual(first);
    const smaller = tempDir(projectTexts({ name: 'app', version: '3.0.0' }, {}));
    const other = (await sbom({ context: smaller })) as CycloneDx;
    expect(other.serialNumber).not.toBe((first as CycloneDx).serialNumber);
  });
});

describe('SPDX', () => {
  it('has what the specification asks of a document and its packages', async () => {
    const { folder, a } = await project();
    const document = (await sbom({ context: folder, format: 'spdx' })) as Spdx;
    expect(document).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: 'app@3.0.0',
      documentNamespace: expect.stringMatching(/^https:\/\/[^#\s]+$/),
      creationInfo: { created: '1980-02-01T00:00:00Z', creators: [expect.stringMatching(/^Tool: /)] },
    });
    expect(spdxComplaints(document)).toEqual([]);
    expect(document.packages).toHaveLength(3);
    expect(document.packages[1]).toMatchObject({
      name: '@team/a',
      versionInfo: '1.0.0',
      filesAnalyzed: false,
      licenseDeclared: 'MIT',
      checksums: [{ algorithm: 'SHA512', checksumValue: hex(a) }],
      externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl' }],
    });
    expect(document.packages[2]?.licenseDeclared).toBe('NOASSERTION');
  });

  it('relates only what it has, by identifiers that are allowed', async () => {
    const { folder } = await project();
    const { packages, relationships } = (await sbom({ context: folder, format: 'spdx' })) as Spdx;
    const ids = new Set(['SPDXRef-DOCUMENT', ...packages.map(({ SPDXID }) => SPDXID)]);
    expect([...ids].filter((id) => !/^SPDXRef-[A-Za-z0-9.-]+$/.test(id))).toEqual([]);
    expect(relationships.filter((one) => !ids.has(one.spdxElementId) || !ids.has(one.relatedSpdxElement))).toEqual([]);
    expect(relationships.map(({ relationshipType }) => relationshipType)).toEqual([
      'DESCRIBES',
      'DEPENDS_ON',
      'DEPENDS_ON',
    ]);
  });
});

describe('licences', () => {
  it.each(['MIT', '(MIT OR Apache-2.0)', 'GPL-2.0-only WITH Classpath-exception-2.0', 'LGPL-2.1+'])(
    '%s is an expression',
    (text) => {
      expect(licenseExpression(text)).toBe(text);
    },
  );

  it.each([undefined, '', 'SEE LICENSE IN x', 'UNLICENSED', 'Public domain', 'MIT/X11'])('%s is not one', (text) => {
    expect(licenseExpression(text)).toBeUndefined();
  });
});

describe('a package from git', () => {
  const COMMIT = '0123456789012345678901234567890123456789';
  const folderOf = (address: string): string => {
    const entry = { version: '1.0.0', resolved: `${address}#${COMMIT}` };
    return tempDir(projectTexts({ dependencies: { a: `${address}#main` } }, { 'node_modules/a': entry }));
  };

  it.each([
    ['git+ssh://git@code.invalid/a.git', 'git+ssh://git@code.invalid/a.git'],
    ['git+https://me:secret@code.invalid/a.git', 'git+https://code.invalid/a.git'],
    ['git://code.invalid/a.git', 'git://code.invalid/a.git'],
  ])('from %s names its repository and commit, without a password', async (address, shown) => {
    const context = folderOf(address);
    const location = `${shown}@${COMMIT}`;
    const purl = `pkg:npm/a@1.0.0?vcs_url=${encodeURIComponent(location)}`;
    const { components } = (await sbom({ context })) as CycloneDx;
    expect(components).toEqual([
      expect.objectContaining({ purl, externalReferences: [{ type: 'vcs', url: location }] }),
    ]);
    const document = (await sbom({ context, format: 'spdx' })) as Spdx;
    expect(spdxComplaints(document)).toEqual([]);
    expect(document.packages[1]).toMatchObject({
      downloadLocation: location,
      externalRefs: [{ referenceLocator: purl }],
    });
  });

  it('of a folder of this machine does not say which', async () => {
    expect(JSON.stringify(await sbom({ context: folderOf('git+file:///srv/a.git') }))).not.toContain('srv');
  });
});

it('a package URL escapes what is not allowed in it', () => {
  const source: PackageSource = { kind: 'tarball', integrity: 'sha512-' };
  const candidate = { name: '@a/b', version: '1.0.0+build', source };
  expect(packageUrl(candidate)).toBe('pkg:npm/%40a/b@1.0.0%2Bbuild');
});
