import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Image } from '../../../src/core/image.ts';
import { validateImage } from '../../../src/oci/image/validate.ts';
import { parseLayoutAddress } from '../../../src/oci/layout/layout-address.ts';
import { readLayout, readLayoutImage } from '../../../src/oci/layout/read-layout.ts';
import { addToLayout, writeLayout } from '../../../src/oci/layout/write-layout.ts';
import { DOCKER_HUB } from '../../../src/oci/registry/docker-hub.ts';
import { type BlobStore, createBlobStore } from '../../../src/store/blob-store.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { makeImage, makeLayer, makeTar } from '../../support/images.ts';
import { failure } from '../../support/registry/client.ts';
import { tempDir } from '../../support/temp-dir.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const NAME = `${DOCKER_HUB}/library/app:1`;

interface Setup {
  readonly store: BlobStore;
  readonly image: Image;
  readonly dir: string;
}

async function setup(): Promise<Setup> {
  const root = tempDir();
  const store = createBlobStore(join(root, 'store'));
  return { store, image: await makeImage(store), dir: join(root, 'out', 'image') };
}

function blobNames(dir: string): string[] {
  return readdirSync(join(dir, 'blobs', 'sha256')).sort();
}

function indexOf(dir: string): { manifests: { annotations?: Record<string, string>; digest: string }[] } {
  return JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8'));
}

/** As {@link writeLayout}, of the first image. */
const addBroken: typeof writeLayout = async (dir, [first], store) => {
  if (first !== undefined) await addToLayout(dir, first, store);
};

describe('writeLayout', () => {
  it('writes a layout that readLayout reads as the same image', async () => {
    const { store, image, dir } = await setup();
    await writeLayout(dir, [{ image, names: [NAME] }], store);
    const layout = await readLayout(dir);
    const read = await readLayoutImage(layout, {}, AMD64);
    expect(read).toEqual({ ...image, descriptor: read.descriptor });
    expect(read.descriptor.digest).toBe(image.descriptor.digest);
    expect(await validateImage(layout.reader, read.descriptor)).toEqual([]);
  });

  it('annotates one descriptor for each name', async () => {
    const { store, image, dir } = await setup();
    await writeLayout(dir, [{ image, names: [NAME, 'r.example:5000/a/b:2'] }], store);
    expect(readFileSync(join(dir, 'oci-layout'), 'utf8')).toBe('{"imageLayoutVersion":"1.0.0"}');
    expect(indexOf(dir).manifests.map(({ annotations }) => annotations)).toEqual([
      {
        'io.containerd.image.name': NAME,
        'org.opencontainers.image.created': '1980-02-01T00:00:00Z',
        'org.opencontainers.image.ref.name': '1',
      },
      {
        'io.containerd.image.name': 'r.example:5000/a/b:2',
        'org.opencontainers.image.created': '1980-02-01T00:00:00Z',
        'org.opencontainers.image.ref.name': '2',
      },
    ]);
  });

  it('gives a tag to one descriptor only', async () => {
    const { store, image, dir } = await setup();
    await writeLayout(dir, [{ image, names: ['r.example/a:1', 'r.example/b:1'] }], store);
    const tags = indexOf(dir).manifests.map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name']);
    expect(tags).toEqual(['1', undefined]);
  });

  it('has one descriptor without a name for an image without names', async () => {
    const { store, image, dir } = await setup();
    await writeLayout(dir, [{ image, names: [] }], store);
    expect(indexOf(dir).manifests.map(({ annotations }) => annotations)).toEqual([
      { 'org.opencontainers.image.created': '1980-02-01T00:00:00Z' },
    ]);
  });

  it('links blobs of a store on the same file system and copies others', async () => {
    const { store, image, dir } = await setup();
    await writeLayout(dir, [{ image, names: [] }], store);
    const hex = image.descriptor.digest.slice(7);
    const blob = join(dir, 'blobs', 'sha256', hex);
    expect(statSync(blob).ino).toBe(statSync(store.pathOf(image.descriptor.digest)).ino);
    const copy = join(tempDir(), 'copy');
    await writeLayout(copy, [{ image, names: [] }], { read: store.read });
    expect(readFileSync(join(copy, 'blobs', 'sha256', hex))).toEqual(readFileSync(blob));
    expect(statSync(join(copy, 'blobs', 'sha256', hex)).ino).not.toBe(statSync(blob).ino);
  });

  it('changes nothing when it is repeated', async () => {
    const { store, image, dir } = await setup();
    const files = (): unknown =>
      ['index.json', 'oci-layout', ...blobNames(dir).map((name) => join('blobs', 'sha256', name))].map((name) => {
        const { ino, mtimeMs } = statSync(join(dir, name));
        return { name, ino, mtimeMs };
      });
    for (const reader of [store, { read: store.read }]) {
      await writeLayout(dir, [{ image, names: [NAME] }], reader);
      const before = files();
      await writeLayout(dir, [{ image, names: [NAME] }], reader);
      expect(files()).toEqual(before);
    }
  });

  it('replaces an earlier image and removes what only that one had', async () => {
    const { store, image, dir } = await setup();
    const other = await makeImage(store, { layers: [await makeLayer(store, makeTar({ b: 'b' }))] });
    await writeLayout(dir, [{ image: other, names: [] }], store);
    await writeLayout(dir, [{ image, names: [] }], store);
    const fresh = join(tempDir(), 'fresh');
    await writeLayout(fresh, [{ image, names: [] }], store);
    expect(blobNames(dir)).toEqual(blobNames(fresh));
    expect(await store.has(other.descriptor)).toBe(true);
  });

  it('replaces a blob that was altered', async () => {
    const { image, dir } = await setup();
    const memory = createMemoryStore();
    await makeImage(memory);
    await writeLayout(dir, [{ image, names: [] }], memory);
    const blob = join(dir, 'blobs', 'sha256', image.descriptor.digest.slice(7));
    const whole = readFileSync(blob);
    writeFileSync(blob, whole.toReversed());
    await writeLayout(dir, [{ image, names: [] }], memory);
    expect(readFileSync(blob)).toEqual(whole);
  });

  it('refuses a directory that holds something else', async () => {
    const { store, image, dir } = await setup();
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'thesis.txt'), 'precious');
    expect(await failure(writeLayout(dir, [{ image, names: [] }], store))).toMatchObject({
      code: 'OPTION_OUTPUT_NOT_EMPTY',
      message: `${dir} is not empty and not an OCI image layout`,
      hint: expect.stringContaining('choose an empty or new directory'),
    });
    expect(readdirSync(dir)).toEqual(['thesis.txt']);
  });

  it('takes back what it added when it fails, but for what the index needs', async () => {
    const { store, image, dir } = await setup();
    const layer = await makeLayer(store, makeTar({ gone: '' }));
    const broken = await makeImage(store, { layers: [layer] });
    await store.delete(layer.descriptor.digest);
    for (const write of [writeLayout, addBroken]) {
      await failure(write(join(dir, 'new', 'layout'), [{ image: broken, names: [] }], store));
      expect(existsSync(dir)).toBe(false);
    }
    await writeLayout(dir, [{ image, names: [] }], store);
    const before = readdirSync(dir, { recursive: true });
    for (const write of [writeLayout, addBroken]) {
      await failure(write(dir, [{ image: broken, names: [] }], store));
      expect(readdirSync(dir, { recursive: true })).toEqual(before);
    }
  });

  it('gets every image of writers at the same time', async () => {
    const { store, dir } = await setup();
    const images = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (name) => {
        const layer = await makeLayer(store, makeTar({ [name]: name }));
        return { image: await makeImage(store, { layers: [layer] }), names: [`r.example/app:${name}`] };
      }),
    );
    await Promise.all(images.map((added) => addToLayout(dir, added, store)));
    const { manifests, reader } = await readLayout(dir);
    expect(manifests.map(({ digest }) => digest).sort()).toEqual(images.map((i) => i.image.descriptor.digest).sort());
    for (const { image } of images) expect(await validateImage(reader, image.descriptor)).toEqual([]);
    expect(readdirSync(dir).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('refuses the store itself', async () => {
    const { store, image } = await setup();
    const root = join(store.pathOf(image.descriptor.digest), '..', '..', '..');
    expect(await failure(writeLayout(root, [{ image, names: [] }], store))).toMatchObject({
      code: 'OPTION_OUTPUT_IS_STORE',
    });
  });

  it('refuses a path that is a file', async () => {
    const { store, image } = await setup();
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(await failure(writeLayout(file, [{ image, names: [] }], store))).toMatchObject({ family: 'host' });
  });

  it('leaves the index of the earlier image when content of the new one is missing', async () => {
    const { store, image, dir } = await setup();
    await writeLayout(dir, [{ image, names: [NAME] }], store);
    const layer = await makeLayer(store, makeTar({ gone: '' }));
    const broken = await makeImage(store, { layers: [layer] });
    await store.delete(layer.descriptor.digest);
    const error = await failure(writeLayout(dir, [{ image: broken, names: [] }], store));
    expect(error).toMatchObject({ code: 'CONTENT_NOT_FOUND' });
    expect(await validateImage((await readLayout(dir)).reader, image.descriptor)).toEqual([]);
    expect(indexOf(dir).manifests[0]?.digest).toBe(image.descriptor.digest);
  });
});

describe('readLayout', () => {
  it('says what a directory lacks that is no layout', async () => {
    const dir = tempDir();
    expect(await failure(readLayout(dir))).toMatchObject({
      code: 'CONTENT_NOT_A_LAYOUT',
      message: `${dir} is not an OCI image layout: it has no oci-layout`,
    });
    writeFileSync(join(dir, 'oci-layout'), '{}');
    expect(await failure(readLayout(dir))).toMatchObject({ code: 'CONTENT_NOT_A_LAYOUT' });
    writeFileSync(join(dir, 'index.json'), 'x');
    expect(await failure(readLayout(dir))).toMatchObject({ code: 'CONTENT_BAD_JSON' });
    expect(await failure(readLayout(join(dir, 'none')))).toMatchObject({ code: 'CONTENT_NOT_A_LAYOUT' });
  });

  it('reads only content that is what its digest says', async () => {
    const { image, dir } = await setup();
    const memory = createMemoryStore();
    await makeImage(memory);
    await writeLayout(dir, [{ image, names: [] }], memory);
    const blob = join(dir, 'blobs', 'sha256', image.descriptor.digest.slice(7));
    writeFileSync(blob, readFileSync(blob).toReversed());
    const error = await failure(readLayout(dir).then((layout) => readLayoutImage(layout, {}, AMD64)));
    expect(error).toMatchObject({ code: 'CONTENT_DIGEST_MISMATCH' });
    expect(existsSync(blob)).toBe(true);
  });
});

describe('readLayoutImage', () => {
  async function two(): Promise<Setup & { readonly other: Image }> {
    const base = await setup();
    const other = await makeImage(base.store, { config: { architecture: 'arm64' } });
    return { ...base, other };
  }

  it('chooses by tag, by digest, and "latest" when neither is given', async () => {
    const { store, image, other, dir } = await two();
    const exports = [
      { image, names: ['r.example/app:1', 'r.example/app:latest'] },
      { image: other, names: ['r.example/app:2'] },
    ];
    await writeLayout(dir, exports, store);
    const layout = await readLayout(dir);
    const digestOf = async (address: Parameters<typeof readLayoutImage>[1]): Promise<string> =>
      (await readLayoutImage(layout, address, AMD64)).descriptor.digest;
    expect(await digestOf({ tag: '2' })).toBe(other.descriptor.digest);
    expect(await digestOf({ digest: other.descriptor.digest })).toBe(other.descriptor.digest);
    expect(await digestOf({})).toBe(image.descriptor.digest);
    expect(await failure(readLayoutImage(layout, { tag: '3' }, AMD64))).toMatchObject({
      code: 'CONTENT_IMAGE_NOT_FOUND',
      message: `there is no image ${dir}:3`,
      hint: 'the layout holds: 1, latest, 2',
    });
  });

  it('chooses by platform among images without names', async () => {
    const { store, image, other, dir } = await two();
    await writeLayout(
      dir,
      [image, other].map((each) => ({ image: each, names: [] })),
      store,
    );
    const layout = await readLayout(dir);
    const arm = await readLayoutImage(layout, {}, { os: 'linux', architecture: 'arm64' });
    expect(arm.descriptor.digest).toBe(other.descriptor.digest);
    const error = await failure(readLayoutImage(layout, {}, { os: 'linux', architecture: 's390x' }));
    expect(error).toMatchObject({ code: 'CONTENT_PLATFORM_NOT_FOUND', found: 'linux/amd64, linux/arm64' });
  });

  it('asks which one when there are several names', async () => {
    const { store, image, other, dir } = await two();
    await writeLayout(
      dir,
      [
        { image, names: ['r.example/app:1'] },
        { image: other, names: ['r.example/app:2'] },
      ],
      store,
    );
    expect(await failure(readLayoutImage(await readLayout(dir), {}, AMD64))).toMatchObject({
      code: 'CONTENT_IMAGE_AMBIGUOUS',
      hint: `choose one as ${dir}:TAG or ${dir}@DIGEST; the layout holds: 1, 2`,
    });
  });
});

describe('parseLayoutAddress', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  it.each([
    ['out', { dir: 'out' }],
    ['out:1.0', { dir: 'out', tag: '1.0' }],
    ['/a/b', { dir: '/a/b' }],
    ['/a:b/c', { dir: '/a:b/c' }],
    ['/a/b:latest', { dir: '/a/b', tag: 'latest' }],
    [`./b@${digest}`, { dir: './b', digest }],
  ])('reads %s', (text, expected) => {
    expect(parseLayoutAddress(text)).toEqual(expected);
  });

  it('refuses a bad digest', () => {
    expect(() => parseLayoutAddress('a@sha256:0')).toThrow(expect.objectContaining({ code: 'CONTENT_BAD_DIGEST' }));
  });
});
