import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createImageNames } from '../../src/build/names.ts';
import { toDigest } from '../../src/core/digest.ts';
import type { Descriptor } from '../../src/core/image.ts';
import { MediaType } from '../../src/core/media-types.ts';
import { listImages, removeImage } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { tempDir } from '../support/temp-dir.ts';

function image(digit: string): Descriptor {
  return { mediaType: MediaType.ociManifest, digest: toDigest(digit.repeat(64)), size: 7 };
}

describe('createImageNames', () => {
  it('gives each name one image, the last one', async () => {
    const names = createImageNames(join(tempDir(), 'store'));
    await names.set(['example.com/a:1', 'example.com/a:2'], image('1'));
    await names.set(['example.com/a:2'], image('2'));
    expect(names.find('example.com/a:1')).toMatchObject(image('1'));
    expect(names.find('example.com/a:2')).toMatchObject(image('2'));
    expect(names.list()).toHaveLength(2);
  });

  it('says whether it removed a name, and leaves the others', async () => {
    const names = createImageNames(join(tempDir(), 'store'));
    await names.set(['a:1', 'b:1'], image('1'));
    expect(await names.remove('a:1')).toBe(true);
    expect(await names.remove('a:1')).toBe(false);
    expect(names.list().map(({ name }) => name)).toEqual(['b:1']);
  });

  it('loses no name to changes at the same time', async () => {
    const store = join(tempDir(), 'store');
    const tags = Array.from({ length: 20 }, (_, at) => `a:${at}`);
    await Promise.all(tags.map((tag) => createImageNames(store).set([tag], image('1'))));
    expect(
      new Set(
        createImageNames(store)
          .list()
          .map(({ name }) => name),
      ),
    ).toEqual(new Set(tags));
    expect(existsSync(join(store, 'index.json.lease'))).toBe(false);
  });

  it('keeps the index of an OCI image layout, and takes a damaged one for empty', async () => {
    const store = join(tempDir(), 'store');
    const names = createImageNames(store);
    await names.set(['a:1'], image('1'));
    expect(JSON.parse(readFileSync(join(store, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
    writeFileSync(join(store, 'index.json'), '{"manif');
    expect(names.list()).toEqual([]);
    await names.set(['b:1'], image('2'));
    expect(names.list().map(({ name }) => name)).toEqual(['b:1']);
  });
});

describe('the images of the local store', () => {
  it('are listed by name as people write them, without one whose content is gone', async () => {
    const { cacheDir, build } = createBuilder();
    const files = { Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a' };
    const kept = await build({ files, tags: ['kept', 'example.com/also:2'], platform: 'linux/arm64' });
    const lost = await build({ files: { ...files, a: 'b' }, tags: ['lost'] });
    rmSync(join(cacheDir, 'store/blobs/sha256', lost.image.descriptor.digest.slice('sha256:'.length)));
    const { digest } = kept.image.descriptor;
    expect(await listImages({ cacheDir })).toMatchObject([
      { name: 'example.com/also:2', digest, platform: 'linux/arm64' },
      { name: 'kept:latest', digest },
    ]);
    expect(await removeImage('kept', { cacheDir })).toBe(true);
    expect(await removeImage('kept', { cacheDir })).toBe(false);
    expect(await listImages({ cacheDir })).toHaveLength(1);
  });
});
