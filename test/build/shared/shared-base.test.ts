import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type BuildOptions, pruneSharedCache, verifyCache } from '../../../src/index.ts';
import { createBuilder, eventsOf } from '../../support/build.ts';
import { publishImage } from '../../support/publish-image.ts';
import { startRegistry } from '../../support/registry/server.ts';
import { FILES } from '../../support/shared-cache.ts';

describe('a base image, with a shared cache', () => {
  const from = (copied: string): string =>
    `FROM BASE AS build\nCOPY a.txt /one/\nFROM scratch\nCOPY --from=build ${copied} /two\n`;

  async function shared() {
    const registry = await startRegistry();
    const base = await publishImage(registry, 'first');
    const place = { type: 'registry', ref: `${registry.host}/team/cache` } as const;
    const build = async (copied: string, options: BuildOptions) => {
      const before = registry.requests.length;
      const dockerfileText = from(copied).replace('BASE', `${registry.host}/base:1`);
      const builder = createBuilder();
      const built = await builder.build({ files: FILES, dockerfileText, platform: 'linux/amd64', ...options });
      const digests = base.layers.map(({ descriptor }) => descriptor.digest);
      const fetched = registry.requests
        .slice(before)
        .filter(({ line }) => line.startsWith('GET') && digests.some((digest) => line.includes(digest)));
      return { ...built, fetched: fetched.length, cacheDir: builder.cacheDir };
    };
    return { registry, place, build };
  }

  it('is not fetched when a shared cache has all that is made from it', async () => {
    const { place, build } = await shared();
    const first = await build('/one', { cacheTo: [{ ...place, mode: 'max' }] });
    const second = await build('/one', { cacheFrom: [place] });
    expect(second).toMatchObject({ cached: 2, executed: 0, fetched: 0 });
    expect(second.image).toEqual(first.image);
    expect((await verifyCache({ cacheDir: second.cacheDir })).damage).toEqual([]);
  });

  it('is fetched, once, as far as its bytes are needed', async () => {
    const { place, build } = await shared();
    await build('/one', { cacheTo: [{ ...place, mode: 'max' }] });
    const plain = await build('/one.txt', {});
    const second = await build('/one.txt', { cacheFrom: [place] });
    expect(second).toMatchObject({ cached: 1, executed: 1, fetched: 1 });
    expect(second.image).toEqual(plain.image);
  });

  it('has tables of contents in the cache which pruning keeps', async () => {
    const { place, build } = await shared();
    await build('/one', { cacheTo: [{ ...place, mode: 'max' }] });
    expect(await pruneSharedCache(place)).toMatchObject({ removed: [], steps: 4 });
    expect(await pruneSharedCache(place, { maxSteps: 0 })).toMatchObject({ steps: 0 });
    expect(await build('/one', { cacheFrom: [place] })).toMatchObject({ executed: 2, fetched: 2 });
  });

  it('is fetched where its table of contents in the cache is damaged', async () => {
    const { registry, place, build } = await shared();
    const first = await build('/one', { cacheTo: [{ ...place, mode: 'max' }] });
    for (const [key, { bytes, mediaType }] of registry.manifests) {
      if (!bytes.includes('cache.toc.v1')) continue;
      registry.manifests.set(key, { mediaType, bytes: Buffer.from(String(bytes).replaceAll('cache.toc', 'other')) });
      const document = JSON.parse(String(bytes));
      registry.blobs.set(`team/cache@${document.layers[0].digest}`, Buffer.from('{}'));
    }
    const second = await build('/one', { cacheFrom: [place] });
    expect(second.image).toEqual(first.image);
    expect(second.fetched).toBe(2);
  });

  it('and all steps are taken from a cache whose tables of contents are of another machine', async () => {
    const { registry, place, build } = await shared();
    const first = await build('/one', { cacheTo: [{ ...place, mode: 'max' }] });
    const other = Buffer.from('a table in another byte order');
    const digest = `sha256:${createHash('sha256').update(other).digest('hex')}`;
    registry.blobs.set(`team/cache@${digest}`, other);
    for (const [key, { bytes, mediaType }] of registry.manifests) {
      if (!bytes.includes('lamella.toc.v')) continue;
      const document = JSON.parse(String(bytes));
      for (const layer of document.layers)
        if (layer.mediaType.includes('lamella.toc')) Object.assign(layer, { digest, size: other.length });
      registry.manifests.set(key, { mediaType, bytes: Buffer.from(JSON.stringify(document)) });
    }
    const second = await build('/one', { cacheFrom: [place] });
    expect(second).toMatchObject({ cached: 2, executed: 0, image: first.image });
    expect(eventsOf(second, 'warning')).toEqual([]);
  });
});
