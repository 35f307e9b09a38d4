import { type Schema, validator } from './json-schema.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const CHECKSUM_ALGORITHMS = words(`
  ADLER32 BLAKE2b-256 BLAKE2b-384 BLAKE2b-512 BLAKE3 MD2 MD4 MD5 MD6 SHA1 SHA224 SHA256 SHA384 SHA512 SHA3-256
  SHA3-384 SHA3-512
`);
const PACKAGE_PURPOSES = words(`
  APPLICATION ARCHIVE CONTAINER DEVICE FILE FIRMWARE FRAMEWORK INSTALL LIBRARY OPERATING_SYSTEM OTHER SOURCE
`);
const FILE_TYPES = words(`
  APPLICATION ARCHIVE AUDIO BINARY DOCUMENTATION IMAGE OTHER SOURCE SPDX TEXT VIDEO
`);
const RELATIONSHIPS = words(`
  AMENDS ANCESTOR_OF BUILD_DEPENDENCY_OF BUILD_TOOL_OF CONTAINED_BY CONTAINS COPY_OF DATA_FILE_OF
  DEPENDENCY_MANIFEST_OF DEPENDENCY_OF DEPENDS_ON DESCENDANT_OF DESCRIBED_BY DESCRIBES DEV_DEPENDENCY_OF
  DEV_TOOL_OF DISTRIBUTION_ARTIFACT DOCUMENTATION_OF DYNAMIC_LINK EXAMPLE_OF EXPANDED_FROM_ARCHIVE FILE_ADDED
  FILE_DELETED FILE_MODIFIED GENERATED_FROM GENERATES HAS_PREREQUISITE METAFILE_OF OPTIONAL_COMPONENT_OF
  OPTIONAL_DEPENDENCY_OF OTHER PACKAGE_OF PATCH_APPLIED PATCH_FOR PREREQUISITE_FOR PROVIDED_DEPENDENCY_OF
  REQUIREMENT_DESCRIPTION_FOR RUNTIME_DEPENDENCY_OF SPECIFICATION_FOR STATIC_LINK TEST_CASE_OF
  TEST_DEPENDENCY_OF TEST_OF TEST_TOOL_OF VARIANT_OF
`);

/**
 * What the published JSON schema of SPDX 2.3 (`http://spdx.org/rdf/terms/2.3`) asks of a document, all of it: the fields
 * there are, their kinds and values, and which must be there. No package has that schema, so it is written down here.
 */
const SPDX_SCHEMA = ((): Schema => {
  const text = { type: 'string' };
  const whole = { type: 'integer' };
  const flag = { type: 'boolean' };
  const oneOf = (...names: readonly string[]): Schema => ({ ...text, enum: names });
  const list = (items: Schema, minItems = 0): Schema => ({ type: 'array', items, minItems });
  const fields = (required: Schema, optional: Schema = {}): Schema => ({
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  });

  const checksum = fields({ algorithm: oneOf(...CHECKSUM_ALGORITHMS), checksumValue: text });
  const annotation = fields({
    annotationDate: text,
    annotationType: oneOf('OTHER', 'REVIEW'),
    annotator: text,
    comment: text,
  });
  /** What packages, files and snippets have in common. */
  const item = {
    annotations: list(annotation),
    attributionTexts: list(text),
    comment: text,
    copyrightText: text,
    licenseComments: text,
    licenseConcluded: text,
  };
  const creationInfo = fields({ created: text, creators: list(text, 1) }, { comment: text, licenseListVersion: text });
  const externalDocument = fields({ checksum, externalDocumentId: text, spdxDocument: text });
  const externalReference = fields(
    {
      referenceCategory: oneOf('OTHER', 'PACKAGE-MANAGER', 'PERSISTENT-ID', 'SECURITY'),
      referenceLocator: text,
      referenceType: text,
    },
    { comment: text },
  );
  const crossReference = fields(
    { url: text },
    { isLive: flag, isValid: flag, isWayBackLink: flag, match: text, order: whole, timestamp: text },
  );
  const licence = fields(
    { extractedText: text, licenseId: text },
    { comment: text, crossRefs: list(crossReference), name: text, seeAlsos: list(text) },
  );
  const verificationCode = fields(
    { packageVerificationCodeValue: text },
    { packageVerificationCodeExcludedFiles: list(text) },
  );
  const entry = fields(
    { SPDXID: text, downloadLocation: text, name: text },
    {
      ...item,
      builtDate: text,
      checksums: list(checksum),
      description: text,
      externalRefs: list(externalReference),
      filesAnalyzed: flag,
      hasFiles: list(text),
      homepage: text,
      licenseDeclared: text,
      licenseInfoFromFiles: list(text),
      originator: text,
      packageFileName: text,
      packageVerificationCode: verificationCode,
      primaryPackagePurpose: oneOf(...PACKAGE_PURPOSES),
      releaseDate: text,
      sourceInfo: text,
      summary: text,
      supplier: text,
      validUntilDate: text,
      versionInfo: text,
    },
  );
  const file = fields(
    { SPDXID: text, checksums: list(checksum, 1), fileName: text },
    {
      ...item,
      artifactOfs: list({ type: 'object' }),
      fileContributors: list(text),
      fileDependencies: list(text),
      fileTypes: list(oneOf(...FILE_TYPES)),
      licenseInfoInFiles: list(text),
      noticeText: text,
    },
  );
  const pointer = fields({ reference: text }, { lineNumber: whole, offset: whole });
  const range = fields({ endPointer: pointer, startPointer: pointer });
  const snippet = fields(
    { SPDXID: text, ranges: list(range, 1), snippetFromFile: text },
    { ...item, licenseInfoInSnippets: list(text), name: text },
  );
  const relationship = fields(
    { relatedSpdxElement: text, relationshipType: oneOf(...RELATIONSHIPS), spdxElementId: text },
    { comment: text },
  );
  return fields(
    { SPDXID: text, creationInfo, dataLicense: text, name: text, spdxVersion: text },
    {
      annotations: list(annotation),
      comment: text,
      documentDescribes: list(text),
      documentNamespace: text,
      externalDocumentRefs: list(externalDocument),
      files: list(file),
      hasExtractedLicensingInfos: list(licence),
      packages: list(entry),
      relationships: list(relationship),
      revieweds: list(fields({ reviewDate: text }, { comment: text, reviewer: text })),
      snippets: list(snippet),
    },
  );
})();

/** What is wrong with a document by the published schema of SPDX 2.3, each with its place. */
export const spdxSchemaComplaints: (document: unknown) => readonly string[] = validator(SPDX_SCHEMA);
