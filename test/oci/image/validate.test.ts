import { describe, expect, it } from 'vitest';
import type { Descriptor, Image } from '../../../src/core/image.ts';
import { MediaType } from '../../../src/core/media-types.ts';
import type { ContentStore } from '../../../src/core/ports.ts';
import { formatConfig } from '../../../src/oci/image/config.ts';
import { formatManifest } from '../../../src/oci/image/manifest.ts';
import { readManifest } from '../../../src/oci/image/read-image.ts';
import { validateImage } from '../../../src/oci/image/validate.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { bytesOf } from '../../../src/store/read.ts';
import { makeImage, makeLayer, makeTar } from '../../support/images.ts';

async function write(store: ContentStore, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  return { mediaType, ...(await store.write(bytesOf(bytes))) };
}

/** The image again with another configuration or other layers, past the checks of production code. */
async function forge(
  store: ContentStore,
  image: Image,
  change: { config?: object; layers?: Descriptor[] },
): Promise<Descriptor> {
  const manifest = await readManifest(store, image.descriptor);
  const config = await write(store, MediaType.ociConfig, formatConfig({ ...image.config, ...change.config }));
  return write(store, MediaType.ociManifest, formatManifest({ config, layers: change.layers ?? manifest.layers }));
}

describe('validateImage', () => {
  it.each(['none', 'gzip', 'zstd'] as const)(
    'finds nothing wrong with a layer of compression %s',
    async (compression) => {
      const store = createMemoryStore();
      const image = await makeImage(store, { layers: [await makeLayer(store, makeTar({ a: 'a' }), compression)] });
      expect(await validateImage(store, image.descriptor)).toEqual([]);
    },
  );

  it.each([
    ['a missing history item', { history: [] }, '0 history items that are not empty for 1 layers'],
    ['a bad time', { created: 'yesterday' }, '"yesterday" is not a time of RFC 3339'],
    ['a bad variable', { config: { Env: ['PATH'] } }, 'environment variable "PATH" is not NAME=value'],
    ['a bad port', { config: { ExposedPorts: { http: {} } } }, 'exposed port "http" is not port/protocol'],
    ['no diff IDs', { rootfs: { type: 'layers', diff_ids: [] } }, '0 diff IDs for 1 layers'],
    ['no architecture', { architecture: '' }, 'cannot use config: it names no architecture'],
  ])('reports %s', async (_, config, problem) => {
    const store = createMemoryStore();
    const image = await makeImage(store);
    expect(await validateImage(store, await forge(store, image, { config }))).toContain(problem);
  });

  it('reports a layer whose diff ID is another', async () => {
    const store = createMemoryStore();
    const image = await makeImage(store);
    const { descriptor, diffId } = await makeLayer(store, makeTar({ other: '' }));
    const problems = await validateImage(store, await forge(store, image, { layers: [descriptor] }));
    expect(problems).toEqual([`layer 0 has the diff ID ${diffId}, the config says ${image.layers[0]?.diffId}`]);
  });

  it('reports a layer that is missing, damaged, or of a wrong size or type', async () => {
    const store = createMemoryStore();
    const image = await makeImage(store);
    const layer = image.layers[0]?.descriptor ?? image.descriptor;
    const damaged = { ...(await store.write(bytesOf('no gzip'))), mediaType: MediaType.ociLayerGzip };
    const problemsOf = async (descriptor: Descriptor): Promise<string> =>
      (await validateImage(store, await forge(store, image, { layers: [descriptor] }))).join();
    expect(await problemsOf({ ...layer, size: layer.size + 1 })).toMatch(/wrong size/);
    expect(await problemsOf(damaged)).toMatch(/layer 0: .*header/);
    expect(await problemsOf({ ...layer, mediaType: 'text/plain' })).toMatch(/media type of layer 0 is "text\/plain"/);
    await store.delete(layer.digest);
    expect(await problemsOf(layer)).toMatch(/layer 0: .* is not in the memory store/);
  });

  it('trusts no reader', async () => {
    const store = createMemoryStore();
    const image = await makeImage(store);
    const liar = { has: store.has, read: () => bytesOf('{}') };
    const [first] = await validateImage(liar, image.descriptor);
    expect(first).toBe(`manifest: size is 2, not ${image.descriptor.size}`);
  });
});
