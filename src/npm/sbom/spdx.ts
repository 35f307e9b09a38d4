import { createHash } from 'node:crypto';
import type { NpmPackage, NpmTree } from '../npm-tree.ts';
import {
  componentsOf,
  downloadOf,
  hashesOf,
  licenseExpression,
  packageUrl,
  repositoryOf,
  type SbomOptions,
  treeUuid,
} from './describe.ts';

const DOCUMENT = 'SPDXRef-DOCUMENT';
const PROJECT = 'SPDXRef-Project';
const UNKNOWN = 'NOASSERTION';

/** Bill of materials as SPDX 2.3 JSON: every installed copy of a package, and what depends on what. */
export function toSpdx(tree: NpmTree, { toolVersion, created }: SbomOptions): object {
  const components = componentsOf(tree);
  const ids = new Map(components.map(({ location, name }) => [location, idOf(location, name)]));
  const dependsOn = (id: string, locations: readonly string[]): object[] =>
    locations.flatMap((location) => {
      const relatedSpdxElement = ids.get(location);
      return relatedSpdxElement === undefined ? [] : [relation(id, 'DEPENDS_ON', relatedSpdxElement)];
    });
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT,
    name: `${tree.name}@${tree.version}`,
    documentNamespace: `https://spdx.org/spdxdocs/${encodeURIComponent(tree.name || 'project')}-${treeUuid(tree)}`,
    creationInfo: { created, creators: [`Tool: lamella-${toolVersion}`] },
    packages: [
      { ...packageFields(PROJECT, tree), downloadLocation: UNKNOWN, primaryPackagePurpose: 'APPLICATION' },
      ...components.map((candidate) => toPackage(ids.get(candidate.location) ?? '', candidate)),
    ],
    relationships: [
      relation(DOCUMENT, 'DESCRIBES', PROJECT),
      ...dependsOn(PROJECT, tree.dependencies),
      ...components.flatMap(({ location, dependencies }) => dependsOn(ids.get(location) ?? '', dependencies)),
    ],
  };
}

/** Letters, digits, dots and hyphens alone; the hash keeps copies in different places apart. */
function idOf(location: string, name: string): string {
  const hash = createHash('sha256').update(location).digest('hex').slice(0, 12);
  return `SPDXRef-Package-${name.replaceAll(/[^A-Za-z0-9.-]+/g, '-').replace(/^-/, '')}-${hash}`;
}

function relation(spdxElementId: string, relationshipType: string, relatedSpdxElement: string): object {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}

function packageFields(
  id: string,
  { name, version, license }: Pick<NpmPackage, 'name' | 'version' | 'license'>,
): object {
  return {
    SPDXID: id,
    name: name || 'project',
    ...(version !== '' && { versionInfo: version }),
    filesAnalyzed: false,
    licenseConcluded: UNKNOWN,
    licenseDeclared: licenseExpression(license) ?? UNKNOWN,
    copyrightText: UNKNOWN,
  };
}

function toPackage(id: string, candidate: NpmPackage): object {
  const checksums = hashesOf(candidate).map(([algorithm, checksumValue]) => ({
    algorithm: algorithm.toUpperCase(),
    checksumValue,
  }));
  const purl = { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: packageUrl(candidate) };
  return {
    ...packageFields(id, candidate),
    downloadLocation: downloadOf(candidate) ?? repositoryOf(candidate) ?? UNKNOWN,
    ...(checksums.length > 0 && { checksums }),
    externalRefs: [purl],
  };
}
