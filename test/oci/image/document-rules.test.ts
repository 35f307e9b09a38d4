import { describe, expect, it } from 'vitest';
import {
  checkConfigDocument,
  checkIndexDocument,
  checkManifestDocument,
} from '../../../src/oci/image/document-rules.ts';
import type { JsonObject } from '../../../src/oci/image/json.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CONFIG = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: DIGEST, size: 2 };
const LAYER = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: DIGEST, size: 32 };
const MANIFEST = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: CONFIG };
const INDEX = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json' };
const AMD64 = { os: 'linux', architecture: 'amd64' };
/** `{}` with its digest. */
const EMPTY = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
};

function problems(check: typeof checkManifestDocument, value: JsonObject): string[] {
  const found: string[] = [];
  check(value, (problem) => found.push(problem));
  return found;
}

describe('a manifest', () => {
  const manifest = (change: JsonObject): JsonObject => ({ ...MANIFEST, layers: [LAYER], ...change });
  const layer = (change: JsonObject): JsonObject => manifest({ layers: [{ ...LAYER, ...change }] });

  it.each([
    ['with layers', manifest({})],
    ['without layers', manifest({ layers: [] })],
    ['of an artifact', manifest({ artifactType: 'application/vnd.example+type', config: EMPTY })],
    ['with its config embedded', manifest({ config: { ...EMPTY, data: 'e30=' } })],
    ['with a subject', manifest({ subject: { ...CONFIG, mediaType: MANIFEST.mediaType } })],
    ['with annotations', manifest({ annotations: { 'org.opencontainers.image.title': 'x', 'com.example.key': '' } })],
    ['with another registered digest', layer({ digest: `sha512:${'0'.repeat(128)}` })],
    ['with a digest of an algorithm that is not registered', layer({ digest: 'multihash+base58:QmRZxt2b1FVZPNqd8' })],
    ['with addresses of a layer', layer({ urls: ['https://example.test/layer'] })],
    ['with a name', manifest({ annotations: { 'org.opencontainers.image.ref.name': 'stable-release_1.0' } })],
  ])('%s is good', (_, value) => {
    expect(problems(checkManifestDocument, value)).toEqual([]);
  });

  it.each([
    ['another schema', manifest({ schemaVersion: 1 }), 'schemaVersion is 1, not 2'],
    ['no schema', manifest({ schemaVersion: undefined }), 'schemaVersion is missing, not 2'],
    ['no config', manifest({ config: undefined }), 'config is no descriptor'],
    ['no list of layers', manifest({ layers: {} }), 'layers is no list'],
    ['a subject that is none', manifest({ subject: 'x' }), 'subject is no descriptor'],
    ['a media type without a subtype', layer({ mediaType: 'tar' }), 'mediaType of layers[0] is "tar", no media type'],
    ['no media type', layer({ mediaType: undefined }), 'mediaType of layers[0] is missing, no media type'],
    ['a bad artifact type', manifest({ artifactType: 'a b/c' }), 'artifactType is "a b/c", no media type'],
    ['a digest without an algorithm', layer({ digest: 'a'.repeat(64) }), `digest of layers[0] is "${'a'.repeat(64)}"`],
    ['a short digest', layer({ digest: 'sha256:abc' }), 'digest of layers[0] is "sha256:abc"'],
    [
      'a digest in capitals',
      layer({ digest: `sha256:${'A'.repeat(64)}` }),
      `digest of layers[0] is "sha256:${'A'.repeat(64)}"`,
    ],
    ['a digest that leaves its folder', layer({ digest: '../x:y' }), 'digest of layers[0] is "../x:y"'],
    ['a negative size', layer({ size: -1 }), 'size of layers[0] is -1'],
    ['half a byte', layer({ size: 0.5 }), 'size of layers[0] is 0.5'],
    ['a size in words', layer({ size: '1' }), 'size of layers[0] is "1"'],
    ['no size', layer({ size: undefined }), 'size of layers[0] is missing'],
    ['addresses that are none', layer({ urls: ['nowhere'] }), 'urls of layers[0] are no list of addresses'],
    [
      'data of another digest',
      manifest({ config: { ...EMPTY, data: 'W10=' } }),
      'data of config is not what its digest says',
    ],
    ['data that is no base64', manifest({ config: { ...EMPTY, data: '{}' } }), 'data of config is no base64'],
    ['annotations in a list', manifest({ annotations: ['a'] }), 'annotations of the manifest are no object'],
    ['an annotation that is no text', manifest({ annotations: { a: 1 } }), 'annotation "a" of the manifest is no text'],
    ['an annotation without a key', layer({ annotations: { '': 'x' } }), 'an annotation of layers[0] has no key'],
    [
      'a key that only the specification may take',
      manifest({ annotations: { 'org.opencontainers.image.mine': 'x' } }),
      `annotation "org.opencontainers.image.mine" of the manifest is none of the specification's own`,
    ],
    [
      'a name that is none',
      layer({ annotations: { 'org.opencontainers.image.ref.name': '../up' } }),
      '"../up" is no name of a reference',
    ],
  ])('with %s is told', (_, value, problem) => {
    expect(problems(checkManifestDocument, value)).toEqual([problem]);
  });
});

describe('an index', () => {
  const entry = { ...CONFIG, mediaType: MANIFEST.mediaType, platform: AMD64 };
  const index = (change: JsonObject): JsonObject => ({ ...INDEX, manifests: [{ ...entry, ...change }] });

  it('with images is good', () => {
    expect(problems(checkIndexDocument, index({}))).toEqual([]);
    expect(problems(checkIndexDocument, { ...INDEX, manifests: [] })).toEqual([]);
  });

  it.each([
    ['another schema', { ...index({}), schemaVersion: '2' }, 'schemaVersion is "2", not 2'],
    ['no manifests', INDEX, 'manifests is no list'],
    ['an entry that is none', { ...INDEX, manifests: [7] }, 'manifests[0] is no descriptor'],
    ['no operating system', index({ platform: { architecture: 'amd64' } }), 'platform of manifests[0] has no os'],
    ['no architecture', index({ platform: { os: 'linux' } }), 'platform of manifests[0] has no architecture'],
    ['a platform in words', index({ platform: 'linux/amd64' }), 'platform of manifests[0] is no object'],
    ['a bad annotation', { ...index({}), annotations: { a: null } }, 'annotation "a" of the index is no text'],
  ])('with %s is told', (_, value, problem) => {
    expect(problems(checkIndexDocument, value)).toEqual([problem]);
  });
});

describe('a configuration', () => {
  const rootfs = { type: 'layers', diff_ids: [] };

  it('with everything is good', () => {
    const config = {
      Env: ['A=b'],
      Cmd: null,
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/v': {} },
      Labels: { a: '' },
    };
    expect(problems(checkConfigDocument, { rootfs, config })).toEqual([]);
  });

  it.each([
    ['another kind of root', { rootfs: { ...rootfs, type: 'base' } }, 'type of rootfs is "base", not "layers"'],
    [
      'a port that says something',
      { config: { ExposedPorts: { '80/tcp': { a: 1 } } } },
      'ExposedPorts "80/tcp" is no empty object',
    ],
    ['a volume that is none', { config: { Volumes: { '/v': null } } }, 'Volumes "/v" is no empty object'],
    ['a label that is no text', { config: { Labels: { a: 1 } } }, 'label "a" is no text'],
    ['a command in one text', { config: { Cmd: 'run' } }, 'Cmd is no list of texts'],
    ['a number in the environment', { config: { Env: [1] } }, 'Env is no list of texts'],
  ])('with %s is told', (_, value, problem) => {
    expect(problems(checkConfigDocument, value)).toEqual([problem]);
  });
});
