import { type Schema, validator } from './json-schema.ts';

/**
 * The rules of SPDX 2.3 (clauses 6, 7 and 11) for the fields that are written: nothing else may be there. They say more
 * than the published schema, to which the form of an identifier, a time or a digest is any text.
 */
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

/** What is wrong with a document by the rules of SPDX 2.3, each with its place. */
export const spdxComplaints: (document: unknown) => readonly string[] = validator(SPDX_RULES);
