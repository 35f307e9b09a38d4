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

const ALGORITHMS: Readonly<Record<string, string>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/** Bill of materials as CycloneDX 1.6 JSON: every installed copy of a package, and what depends on what. */
export function toCycloneDx(tree: NpmTree, { toolVersion, created }: SbomOptions): object {
  const root = rootRef(tree);
  const components = componentsOf(tree);
  const refs = new Set(components.map(({ location }) => location));
  const known = (locations: readonly string[]): string[] => locations.filter((location) => refs.has(location));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${treeUuid(tree)}`,
    version: 1,
    metadata: {
      timestamp: created,
      tools: { components: [{ type: 'application', name: 'lamella', version: toolVersion }] },
      component: {
        type: 'application',
        'bom-ref': root,
        name: tree.name,
        version: tree.version,
        ...licensesOf(tree),
      },
    },
    components: components.map(toComponent),
    dependencies: [
      { ref: root, dependsOn: known(tree.dependencies) },
      ...components.map(({ location, dependencies }) => ({ ref: location, dependsOn: known(dependencies) })),
    ],
  };
}

function rootRef({ name, version }: NpmTree): string {
  return `${name}@${version}`;
}

function toComponent(candidate: NpmPackage): object {
  const { name, version, location, isOptional, isDev } = candidate;
  const slash = name.indexOf('/');
  const references = [
    { type: 'distribution', url: downloadOf(candidate) },
    { type: 'vcs', url: repositoryOf(candidate) },
  ].filter(({ url }) => url !== undefined);
  const hashes = hashesOf(candidate).map(([algorithm, content]) => ({ alg: ALGORITHMS[algorithm], content }));
  return {
    type: 'library',
    'bom-ref': location,
    ...(slash > 0 && { group: name.slice(0, slash) }),
    name: name.slice(slash + 1),
    version,
    scope: isOptional ? 'optional' : 'required',
    ...(hashes.length > 0 && { hashes }),
    ...licensesOf(candidate),
    purl: packageUrl(candidate),
    ...(references.length > 0 && { externalReferences: references }),
    properties: [
      { name: 'cdx:npm:package:path', value: location },
      ...(isDev ? [{ name: 'cdx:npm:package:development', value: 'true' }] : []),
      ...(candidate.source.kind === 'bundled' ? [{ name: 'cdx:npm:package:bundled', value: 'true' }] : []),
    ],
  };
}

function licensesOf({ license }: { readonly license?: string }): object {
  if (license === undefined) return {};
  const expression = licenseExpression(license);
  return { licenses: [expression === undefined ? { license: { name: license } } : { expression }] };
}
