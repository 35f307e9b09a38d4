import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { hexOf } from '../../../src/core/digest.ts';
import { verifyCache } from '../../../src/index.ts';
import { createTocStore } from '../../../src/rootfs/toc-store.ts';
import { createBuilder, type TestBuild } from '../../support/build.ts';

const FILES = { Dockerfile: 'FROM scratch\nCOPY . /app\nWORKDIR /srv\n', 'a.txt': 'a', 'b/c.txt': 'some text\n' };

interface Built {
  readonly cacheDir: string;
  readonly result: TestBuild;
  build(): Promise<TestBuild>;
  /** All files below a folder of the cache. */
  files(folder: string): string[];
}

async function builtCache(): Promise<Built> {
  const builder = createBuilder();
  const build = () => builder.build({ files: FILES, tags: ['app:1'] });
  return {
    cacheDir: builder.cacheDir,
    result: await build(),
    build,
    files: (folder) =>
      readdirSync(join(builder.cacheDir, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort(),
  };
}

function layerOf({ image }: TestBuild) {
  const [layer] = image.layers;
  if (layer === undefined) throw new Error('no layer');
  return layer;
}

function blobPath({ cacheDir, result }: Built): string {
  return join(cacheDir, 'store/blobs/sha256', hexOf(layerOf(result).descriptor.digest));
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** The directory that a RUN on top of the first layer would use. */
function makeDirectory({ cacheDir, result }: Built): string {
  const directory = join(cacheDir, 'snapshots/root', hexOf(layerOf(result).diffId).slice(0, 24));
  mkdirSync(join(directory, 'app/b'), { recursive: true });
  writeFileSync(join(directory, 'app/Dockerfile'), FILES.Dockerfile);
  writeFileSync(join(directory, 'app/a.txt'), FILES['a.txt']);
  writeFileSync(join(directory, 'app/b/c.txt'), FILES['b/c.txt']);
  return directory;
}

const DAMAGES: readonly [what: string, kinds: readonly string[], damage: (built: Built) => void][] = [
  ['a blob with a changed bit', ['blob', 'layer'], (built) => flip(blobPath(built))],
  ['a blob that is gone', ['layer', 'record', 'image'], (built) => rmSync(blobPath(built))],
  ['a blob that was cut short', ['blob', 'layer', 'record', 'image'], (built) => writeFileSync(blobPath(built), '')],
  ['a table of contents that is none', ['toc'], ({ files }) => writeFileSync(files('tocs')[0] ?? '', 'x')],
  [
    'a table of contents of other files',
    ['toc'],
    ({ cacheDir, result }) => {
      const tocs = createTocStore(join(cacheDir, 'tocs'));
      const toc = tocs.load(layerOf(result).diffId);
      if (toc === undefined) throw new Error('no table');
      tocs.save({ ...toc, entries: toc.entries.slice(1) });
    },
  ],
  ['a record that is no JSON', ['record'], ({ files }) => writeFileSync(files('records')[0] ?? '', '{')],
  [
    'an entry of the index that is no JSON',
    ['layer', 'record'],
    ({ files }) => writeFileSync(files('blobs')[0] ?? '', ''),
  ],
  ['a changed file in a directory', ['directory'], (built) => flip(join(makeDirectory(built), 'app/b/c.txt'))],
  ['a missing file in a directory', ['directory'], (built) => rmSync(join(makeDirectory(built), 'app/a.txt'))],
];

describe('verifyCache', () => {
  it('finds nothing in the cache of a build, and says what it looked at', async () => {
    const built = await builtCache();
    makeDirectory(built);
    expect(await verifyCache({ cacheDir: built.cacheDir })).toEqual({
      checked: { blob: 4, layer: 2, toc: 2, record: 2, image: 1, pulled: 0, directory: 1 },
      damage: [],
    });
  });

  it('finds nothing in a cache that is not there, and does not make it', async () => {
    const { cacheDir } = createBuilder();
    expect((await verifyCache({ cacheDir })).damage).toEqual([]);
    expect(existsSync(cacheDir)).toBe(false);
  });

  test.each(DAMAGES)('finds %s', async (_, kinds, damage) => {
    const built = await builtCache();
    damage(built);
    const report = await verifyCache({ cacheDir: built.cacheDir });
    expect([...new Set(report.damage.map(({ kind }) => kind))]).toEqual(kinds);
    expect(report.damage.every(({ repaired }) => !repaired)).toBe(true);
  });

  test.each(DAMAGES)(
    'takes away %s, so that the next build makes the same image and all is well',
    async (_, __, damage) => {
      const built = await builtCache();
      damage(built);
      await verifyCache({ cacheDir: built.cacheDir, repair: true });
      const again = await built.build();
      expect(again.image.descriptor).toEqual(built.result.image.descriptor);
      expect((await verifyCache({ cacheDir: built.cacheDir })).damage).toEqual([]);
    },
  );
});

it.each(['layers', 'config'] as const)('tells what an image for several platforms lacks: %s', async (what) => {
  const builder = createBuilder();
  const { cacheDir } = builder;
  const { images } = await builder.build({ files: FILES, platforms: ['linux/amd64', 'linux/arm64'], tags: ['app'] });
  const [, second] = images;
  const digest = what === 'config' ? second?.configDescriptor.digest : second?.layers[0]?.descriptor.digest;
  if (digest === undefined) throw new Error('no second image');
  rmSync(join(cacheDir, 'store/blobs/sha256', hexOf(digest)));
  const { damage } = await verifyCache({ cacheDir });
  expect(damage.filter(({ kind }) => kind === 'image')).toEqual([
    expect.objectContaining({ id: expect.stringContaining('app') }),
  ]);
});
