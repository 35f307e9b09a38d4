import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hexOf } from '../../src/core/digest.ts';
import type { Layer } from '../../src/core/image.ts';
import { createBuilder, eventsOf } from '../support/build.ts';

const FILES = {
  Dockerfile: 'FROM scratch\nCOPY . /app\n',
  'a.txt': 'a'.repeat(900_000),
  'b/c.txt': Array.from({ length: 60_000 }, (_, at) => `line ${at * 7919}`).join('\n'),
};

function blobPath(cacheDir: string, [layer]: readonly Layer[]): string {
  if (layer === undefined) throw new Error('no layer');
  return join(cacheDir, 'store/blobs/sha256', hexOf(layer.descriptor.digest));
}

describe('the compression of a layer', () => {
  it.each([
    ['gzip', 'zstd'],
    ['zstd', 'gzip'],
    ['none', 'gzip'],
    ['gzip', 'none'],
  ] as const)(
    'is no part of a key: what is there as %s is written as %s without carrying out the step',
    async (first, then) => {
      const builder = createBuilder();
      await builder.build({ files: FILES, compression: first });
      const other = await builder.build({ files: FILES, compression: then });
      const fresh = await createBuilder().build({ files: FILES, compression: then });
      expect(other).toMatchObject({ cached: 1, executed: 0 });
      expect(other.image).toEqual(fresh.image);
      expect(other.recipe).toBe(fresh.recipe);
    },
  );

  it('is done anew from another blob when the wanted one was cut short', async () => {
    const builder = createBuilder();
    await builder.build({ files: FILES, compression: 'zstd' });
    const first = await builder.build({ files: FILES });
    truncateSync(blobPath(builder.cacheDir, first.image.layers), 100);
    const second = await builder.build({ files: FILES });
    expect(second).toMatchObject({ cached: 1, executed: 0, image: first.image });
  });

  it('does not save a step whose only blob is damaged or gone: it is carried out again', async () => {
    const builder = createBuilder();
    const first = await builder.build({ files: FILES });
    const path = blobPath(builder.cacheDir, first.image.layers);
    rmSync(path);
    const second = await builder.build({ files: FILES });
    expect(second).toMatchObject({ executed: 1, image: first.image });
    truncateSync(path, 0);
    const third = await builder.build({ files: FILES });
    expect(third).toMatchObject({ executed: 1, image: first.image });
    writeFileSync(path, Buffer.alloc(first.image.layers[0]?.descriptor.size ?? 0));
    const fourth = await builder.build({ files: FILES, compression: 'zstd' });
    expect(fourth).toMatchObject({ executed: 1 });
    expect(eventsOf(fourth, 'layer-written')).toHaveLength(1);
  });
});
