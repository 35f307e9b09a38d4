import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBuilderError } from '../../../src/core/errors.ts';
import { formatDescriptor, parseDescriptor } from '../../../src/oci/image/descriptor-json.ts';
import { parseManifest } from '../../../src/oci/image/manifest.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

describe('parseDescriptor', () => {
  it('reads what formatDescriptor writes, the version of an operating system by its OCI name', () => {
    const json = {
      mediaType: 'text/plain',
      digest: DIGEST,
      size: 1,
      annotations: { a: '1', b: '2' },
      platform: { architecture: 'amd64', os: 'windows', 'os.version': '10.0' },
    };
    const descriptor = parseDescriptor(json, 'a test');
    expect(descriptor.platform?.osVersion).toBe('10.0');
    expect(JSON.stringify(formatDescriptor(descriptor))).toBe(JSON.stringify(json));
  });

  it('says where a bad one stands', () => {
    const bad = { mediaType: 'a', digest: 'sha512:0', size: 1 };
    expect(() => parseDescriptor(bad, 'the manifest')).toThrow('bad descriptor in the manifest: digest "sha512:0"');
  });
});

describe('parseManifest', () => {
  it('throws nothing but our errors, whatever it is given', () => {
    const object = fc.record({ schemaVersion: fc.constant(2), layers: fc.array(fc.anything()), config: fc.anything() });
    const input = fc.oneof(
      fc.string(),
      fc.json(),
      object.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(input, (text) => {
        try {
          parseManifest(Buffer.from(text), 'a test');
        } catch (error) {
          expect(isBuilderError(error)).toBe(true);
        }
      }),
    );
  });
});
