import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/ports.ts';
import { dockerArchive, writeDockerArchive } from '../../../src/oci/archive/docker-archive.ts';
import { ociArchive, writeOciArchive } from '../../../src/oci/archive/oci-archive.ts';
import { DOCKER_HUB } from '../../../src/oci/registry/docker-hub.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { makeImage, makeLayer, makeTar } from '../../support/images.ts';
import { failure } from '../../support/registry/client.ts';
import { sha256 } from '../../support/registry/content.ts';
import { tempDir } from '../../support/temp-dir.ts';

const NAMES = [`${DOCKER_HUB}/library/app:1`, 'r.example:5000/app:1'];

async function setup() {
  const store = createMemoryStore();
  const layer = await makeLayer(store, makeTar({ a: 'a' }));
  const image = await makeImage(store, { layers: [layer, await makeLayer(store, makeTar({ b: 'b' })), layer] });
  return { store, image, exports: [{ image, names: NAMES }] };
}

async function members(bytes: Bytes): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for await (const entry of Readable.from(bytes).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    expect(entry.header).toMatchObject({ uid: 0, gid: 0, mtime: new Date(0), uname: '', gname: '' });
    expect(found.has(entry.header.name)).toBe(false);
    found.set(entry.header.name, Buffer.concat(chunks));
  }
  return found;
}

async function collect(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('ociArchive', () => {
  it("is a layout with each blob once, and docker's manifest over the same blobs", async () => {
    const { store, image, exports } = await setup();
    const found = await members(ociArchive(exports, store));
    const blobs = [...found.keys()].filter((name) => /^blobs\/sha256\/[0-9a-f]+$/.test(name));
    expect(blobs).toHaveLength(4);
    for (const name of blobs) expect(sha256(found.get(name) ?? Buffer.alloc(0))).toBe(`sha256:${name.slice(13)}`);
    const [entry] = JSON.parse(String(found.get('manifest.json')));
    expect(entry.RepoTags).toEqual(NAMES);
    expect(entry.Layers).toEqual(image.layers.map(({ descriptor }) => `blobs/sha256/${descriptor.digest.slice(7)}`));
    expect(JSON.parse(String(found.get(entry.Config)))).toEqual(image.config);
    expect(JSON.parse(String(found.get('index.json'))).manifests).toHaveLength(2);
    expect(found.get('oci-layout')).toEqual(Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  });
});

describe('dockerArchive', () => {
  it('holds what its manifest names, and nothing else', async () => {
    const { store, image, exports } = await setup();
    const found = await members(dockerArchive(exports, store));
    const [entry] = JSON.parse(String(found.get('manifest.json')));
    expect([...found.keys()].sort()).toEqual([...new Set([entry.Config, ...entry.Layers, 'manifest.json'])].sort());
    expect(JSON.parse(String(found.get(entry.Config)))).toEqual(image.config);
    expect(entry.RepoTags).toEqual(NAMES);
  });
});

describe('dockerArchive with zstd layers', () => {
  it('holds them uncompressed, for older engines', async () => {
    const store = createMemoryStore();
    const tar = makeTar({ a: 'a' });
    const image = await makeImage(store, { layers: [await makeLayer(store, tar, 'zstd')] });
    const found = await members(dockerArchive([{ image, names: NAMES }], store));
    const [entry] = JSON.parse(String(found.get('manifest.json')));
    expect(found.get(entry.Layers[0])).toEqual(tar);
  });
});

describe.each([
  ['writeOciArchive', writeOciArchive, ociArchive],
  ['writeDockerArchive', writeDockerArchive, dockerArchive],
] as const)('%s', (_, write, stream) => {
  it('writes the same bytes for the same image', async () => {
    const [one, other] = [await setup(), await setup()];
    const file = join(tempDir(), 'new', 'image.tar');
    await write(file, one.exports, one.store);
    expect(readFileSync(file)).toEqual(await collect(stream(other.exports, other.store)));
  });

  it('leaves nothing behind when content is missing', async () => {
    const { store, image, exports } = await setup();
    await store.delete(image.layers[0]?.descriptor.digest ?? image.descriptor.digest);
    const dir = tempDir();
    expect(await failure(write(join(dir, 'image.tar'), exports, store))).toMatchObject({ code: 'CONTENT_NOT_FOUND' });
    expect(readdirSync(dir)).toEqual([]);
  });
});
