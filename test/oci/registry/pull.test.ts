import { describe, expect, it } from 'vitest';
import type { Image } from '../../../src/core/image.ts';
import { MediaType } from '../../../src/core/media-types.ts';
import type { ContentStore } from '../../../src/core/ports.ts';
import { formatIndex } from '../../../src/oci/image/manifest.ts';
import { validateImage } from '../../../src/oci/image/validate.ts';
import { normalizeReference } from '../../../src/oci/registry/docker-hub.ts';
import { fetchLayer, type RemoteImage, resolveImage } from '../../../src/oci/registry/source.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { readAll } from '../../../src/store/read.ts';
import { makeImage, makeLayer, makeTar, publish } from '../../support/images.ts';
import { failure, testClient } from '../../support/registry/client.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

interface Published {
  readonly registry: TestRegistry;
  readonly image: Image;
  readonly origin: ContentStore;
  readonly name: string;
}

async function published(): Promise<Published> {
  const registry = await startRegistry();
  const origin = createMemoryStore();
  const image = await makeImage(origin);
  return { registry, image, origin, name: await publish(registry, 'acme/app:1', { ...image, reader: origin }) };
}

async function pull(name: string, platform = AMD64): Promise<{ image: RemoteImage; store: ContentStore }> {
  const client = testClient();
  const store = createMemoryStore();
  const reference = normalizeReference(name);
  const image = await resolveImage(client, reference, { platform, store });
  await Promise.all(image.layers.map((layer) => fetchLayer(client, reference, { layer, store })));
  return { image, store };
}

/** Rewrites the manifest of an image in the registry. */
function editManifest(
  { registry, image }: Published,
  edit: (manifest: ManifestJson) => void,
  mediaType?: string,
): void {
  const stored = registry.manifests.get(`acme/app:${image.descriptor.digest}`);
  const manifest = JSON.parse(String(stored?.bytes)) as ManifestJson;
  edit(manifest);
  const type = mediaType ?? stored?.mediaType ?? '';
  registry.putManifest('acme/app', '1', type, Buffer.from(JSON.stringify(manifest)));
}

interface ManifestJson {
  schemaVersion: number;
  mediaType?: string;
  config: { mediaType: string; size: number };
  layers: { mediaType: string }[];
}

describe('resolveImage and fetchLayer', () => {
  it('pull an image anonymously, so that the store holds all of it', async () => {
    const { image: original, name } = await published();
    const { image, store } = await pull(name);
    expect(image.descriptor).toEqual(original.descriptor);
    expect(image.resolved).toEqual(original.descriptor);
    expect(image.config).toEqual(original.config);
    expect(image.layers).toEqual(original.layers);
    expect(await validateImage(store, image.descriptor)).toEqual([]);
  });

  it('pull by digest', async () => {
    const { registry, image: original } = await published();
    const { image } = await pull(`${registry.host}/acme/app@${original.descriptor.digest}`);
    expect(image.descriptor).toEqual(original.descriptor);
  });

  it.each(['none', 'gzip', 'zstd'] as const)('pull layers with compression %s', async (compression) => {
    const registry = await startRegistry();
    const origin = createMemoryStore();
    const layers = [await makeLayer(origin, makeTar({ a: 'a' }), compression)];
    const original = await makeImage(origin, { layers });
    const name = await publish(registry, 'app', { ...original, reader: origin });
    const { image, store } = await pull(name);
    expect(await validateImage(store, image.descriptor)).toEqual([]);
  });

  it('read Docker schema 2 as the OCI types that they are', async () => {
    const source = await published();
    const edit = (manifest: ManifestJson): void => {
      manifest.mediaType = MediaType.dockerManifest;
      manifest.config.mediaType = MediaType.dockerConfig;
      for (const layer of manifest.layers) layer.mediaType = MediaType.dockerLayerGzip;
    };
    editManifest(source, edit, MediaType.dockerManifest);
    const { image, store } = await pull(source.name);
    expect(image.descriptor.mediaType).toBe(MediaType.dockerManifest);
    expect(image.layers).toEqual(source.image.layers);
    expect(await validateImage(store, image.descriptor)).toEqual([]);
  });

  it('read a manifest that does not tell its media type', async () => {
    const source = await published();
    editManifest(source, (manifest) => delete manifest.mediaType);
    expect((await pull(source.name)).image.layers).toEqual(source.image.layers);
  });

  it('give an image without history one item for each layer', async () => {
    const registry = await startRegistry();
    const origin = createMemoryStore();
    const original = await makeImage(origin, { config: { history: [] } });
    const { image } = await pull(await publish(registry, 'app', { ...original, reader: origin }));
    expect(image.config.history).toHaveLength(1);
  });

  it('use a single image of another platform, and say which one', async () => {
    const { name } = await published();
    expect((await pull(name, ARM64)).image.platform).toEqual(AMD64);
  });

  it('tell how far a layer has come, and fetch it once', async () => {
    const { registry, name } = await published();
    const { image, store } = await pull(name);
    const seen: number[] = [];
    const client = testClient();
    const fetch = (into: ContentStore): Promise<unknown> =>
      Promise.all(
        image.layers.map((layer) =>
          fetchLayer(client, normalizeReference(name), {
            layer,
            store: into,
            onTransfer: ({ current }) => seen.push(current),
          }),
        ),
      );
    await fetch(createMemoryStore());
    expect(seen.at(-1)).toBe(image.layers[0]?.descriptor.size);
    const before = registry.requests.length;
    await fetch(store);
    expect(registry.requests).toHaveLength(before);
  });
});

async function publishedIndex(): Promise<{ registry: TestRegistry; name: string; images: Image[]; digest: string }> {
  const registry = await startRegistry();
  const origin = createMemoryStore();
  const images = [
    await makeImage(origin),
    await makeImage(origin, { config: { architecture: 'arm64' } }),
    await makeImage(origin, { config: { architecture: 'unknown', os: 'unknown' } }),
  ];
  for (const image of images) await publish(registry, 'app:part', { ...image, reader: origin });
  const manifests = images.map(({ descriptor, config: { os, architecture } }) => ({
    ...descriptor,
    platform: { os, architecture },
    ...(os === 'unknown' && { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }),
  }));
  const digest = registry.putManifest('app', 'multi', MediaType.ociIndex, formatIndex(manifests.reverse()));
  return { registry, name: `${registry.host}/app:multi`, images, digest };
}

describe('resolveImage with an index', () => {
  it('chooses the image of the platform and keeps the digest of the index', async () => {
    const { name, images, digest } = await publishedIndex();
    const { image, store } = await pull(name, ARM64);
    expect(image.descriptor.digest).toBe(images[1]?.descriptor.digest);
    expect(image.resolved.digest).toBe(digest);
    expect(JSON.parse(String(await readAll(store, image.resolved)))).toHaveProperty('manifests');
  });

  it('says which platforms there are, attestations left out', async () => {
    const { name } = await publishedIndex();
    expect(await failure(pull(name, { os: 'linux', architecture: 's390x' }))).toMatchObject({
      code: 'CONTENT_PLATFORM_NOT_FOUND',
      message: `${name} has no image for linux/s390x`,
      hint: 'it has: linux/arm64, linux/amd64; choose one of these with --platform, or another image',
    });
  });

  it('never chooses an attestation, even when that is asked for', async () => {
    const { name } = await publishedIndex();
    const error = await failure(pull(name, { os: 'unknown', architecture: 'unknown' }));
    expect(error).toMatchObject({ code: 'CONTENT_PLATFORM_NOT_FOUND' });
  });
});

describe('resolveImage refuses', () => {
  it('a layer that it cannot read, by its type', async () => {
    const source = await published();
    const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    editManifest(source, ({ layers }) => {
      for (const layer of layers) layer.mediaType = foreign;
    });
    const error = await failure(pull(source.name));
    expect(error).toMatchObject({ code: 'CONTENT_UNSUPPORTED_LAYER', found: foreign });
  });

  it('an artifact that is no image', async () => {
    const source = await published();
    editManifest(source, ({ config }) => {
      config.mediaType = 'application/vnd.cncf.helm.config.v1+json';
    });
    expect(await failure(pull(source.name))).toMatchObject({ code: 'CONTENT_NOT_AN_IMAGE' });
  });

  it('Docker schema 1, by its name', async () => {
    const { registry } = await published();
    const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    registry.putManifest('old', 'latest', type, Buffer.from('{"schemaVersion":1,"fsLayers":[]}'));
    const error = await failure(pull(`${registry.host}/old`));
    expect(error).toMatchObject({ code: 'CONTENT_BAD_MANIFEST', message: expect.stringContaining('Docker schema 1') });
  });

  it('a config of a size that no config has, before it is fetched', async () => {
    const source = await published();
    editManifest(source, ({ config }) => {
      config.size = 1 << 30;
    });
    expect(await failure(pull(source.name))).toMatchObject({ code: 'CONTENT_BAD_CONFIG' });
  });

  it.each([
    ['not JSON', '{"schemaVersion":2', 'CONTENT_BAD_JSON'],
    ['no object', '[]', 'CONTENT_BAD_JSON'],
    ['empty', '', 'CONTENT_BAD_JSON'],
    [
      'no layers',
      '{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:x","size":1}}',
      'CONTENT_BAD_DESCRIPTOR',
    ],
    [
      'a bad digest',
      '{"schemaVersion":2,"layers":[{"mediaType":"a","digest":"md5:0","size":1}]}',
      'CONTENT_BAD_DESCRIPTOR',
    ],
    [
      'a negative size',
      `{"config":{"mediaType":"a","digest":"sha256:${'0'.repeat(64)}","size":-1}}`,
      'CONTENT_BAD_DESCRIPTOR',
    ],
  ])('a manifest that is %s', async (_, text, code) => {
    const { registry } = await published();
    registry.putManifest('bad', 'latest', MediaType.ociManifest, Buffer.from(text));
    expect(await failure(pull(`${registry.host}/bad`))).toMatchObject({ code });
  });
});
