import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Toc, TocEntry } from '../../src/core/toc.ts';
import { digestOf } from '../../src/io/hash.ts';
import { encodeTarHeader, type TarHeader } from '../../src/io/tar-header.ts';
import { packLayer } from '../../src/layers/pack.ts';
import { readToc } from '../../src/layers/toc.ts';
import { decodeToc, encodeToc } from '../../src/layers/toc-codec.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { inChunks } from '../support/bytes.ts';
import { makeTar } from '../support/images.ts';
import { layerEntries } from '../support/layer-trees.ts';
import { tarHeaders } from '../support/tar-headers.ts';

const header = (path: string, more: Partial<TarHeader> = {}): TarHeader => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 1,
  size: 0,
  ...more,
});

function tocOf(...headers: readonly TarHeader[]): Promise<Toc> {
  const archive = Buffer.concat([...headers.map(encodeTarHeader), Buffer.alloc(1024)]);
  return readToc(inChunks(archive, 700));
}

const shape = (toc: Toc): unknown[] =>
  toc.entries.map((entry) => [entry.path, entry.type, ...('link' in entry ? [entry.link] : [])]);

describe('readToc', () => {
  test('cleans names as if the root were their parent', async () => {
    const toc = await tocOf(
      header('./', { type: 'directory' }),
      header('./etc', { type: 'directory' }),
      header('/etc//passwd'),
      header('../../escape'),
      header('a/../b'),
      header('z', { type: 'hardlink', link: './etc/passwd' }),
      header('zz', { type: 'symlink', link: '../as/written/' }),
    );
    expect(shape(toc)).toEqual([
      ['etc', 'directory'],
      ['etc/passwd', 'file'],
      ['escape', 'file'],
      ['b', 'file'],
      ['z', 'hardlink', 'etc/passwd'],
      ['zz', 'symlink', '../as/written/'],
    ]);
  });

  test('knows whiteouts and opaque directories, and drops other reserved names', async () => {
    const toc = await tocOf(
      header('.wh.gone'),
      header('d', { type: 'directory' }),
      header('d/.wh..wh..opq'),
      header('d/.wh.x'),
      header('.wh..wh.plnk', { type: 'directory' }),
      header('.wh..wh.aufs'),
      header('gone'),
    );
    expect(shape(toc)).toEqual([
      ['gone', 'whiteout'],
      ['d', 'directory'],
      ['d', 'opaque'],
      ['d/x', 'whiteout'],
      ['gone', 'file'],
    ]);
  });

  test('lets the last of several entries count, a directory staying before its children', async () => {
    const toc = await tocOf(
      header('d', { type: 'directory', mode: 0o700 }),
      header('d/a', { mode: 0o600 }),
      header('d/b'),
      header('d/a', { mode: 0o666 }),
      header('d', { type: 'directory', mode: 0o711 }),
    );
    expect(toc.entries.map((entry) => [entry.path, 'mode' in entry && entry.mode])).toEqual([
      ['d', 0o711],
      ['d/b', 0o644],
      ['d/a', 0o666],
    ]);
  });

  test('lets a replaced file live on under the names that were linked to it', async () => {
    const toc = await tocOf(
      header('a', { mode: 0o600 }),
      header('b', { type: 'hardlink', link: 'a' }),
      header('c', { type: 'hardlink', link: 'a' }),
      header('a', { mode: 0o666 }),
      header('d', { type: 'hardlink', link: 'a' }),
    );
    expect(shape(toc)).toEqual([
      ['b', 'file'],
      ['c', 'hardlink', 'b'],
      ['a', 'file'],
      ['d', 'hardlink', 'a'],
    ]);
    expect(toc.entries[0]).toMatchObject({ mode: 0o600, offset: 512 });
  });

  test('has the size and digest of the whole archive, with what follows its end mark', async () => {
    const archive = Buffer.concat([encodeTarHeader(header('a')), Buffer.alloc(1024), Buffer.from('trailing')]);
    expect(await readToc(inChunks(archive, 100))).toMatchObject({ diffId: digestOf(archive), size: archive.length });
  });

  test('stops when it is aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(readToc(inChunks(Buffer.alloc(1024)), { signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a stored table of contents', () => {
  const digest = digestOf(Buffer.from('x'));
  const withEntries = (entries: readonly TocEntry[]): Toc => ({
    version: 1,
    diffId: digest as string as Toc['diffId'],
    size: 4096,
    entries,
  });

  test('is read as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(layerEntries, async (entries) => {
        const options = { times: { kind: 'preserve' }, compression: 'none' } as const;
        const { toc } = await packLayer(entries, createMemoryStore(), options);
        expect(decodeToc(encodeToc(toc))).toEqual(toc);
      }),
      { numRuns: 40 },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(tarHeaders, fc.nat(999_999_999))), (headers) => {
        const entries = headers.map(([found, nanoseconds]) => ({
          ...found,
          mtimeNanoseconds: nanoseconds,
          ...(found.type === 'file' && { digest, offset: 512 }),
        }));
        const toc = withEntries([...entries, { path: '', type: 'opaque' }, { path: 'w', type: 'whiteout' }]);
        expect(decodeToc(encodeToc(toc))).toEqual(toc);
      }),
    );
  });

  test('takes little more than its paths and digests', () => {
    const entries = Array.from({ length: 1000 }, (_, i) => ({ ...header(`some/path/${i}`), digest, offset: 512 * i }));
    expect(encodeToc(withEntries(entries)).length).toBeLessThan(1000 * 120);
  });

  const entry = { ...header('a'), digest };
  test.each<[string, unknown]>([
    ['a path that climbs', { ...entry, path: '../a' }],
    ['an absolute path', { ...entry, path: '/a' }],
    ['an empty component', { ...entry, path: 'a//b' }],
    ['an empty path', { ...entry, path: '' }],
    ['a trailing slash', { ...entry, path: 'a/' }],
    ['an unknown type', { ...entry, type: 'socket' }],
    ['a size that is no number', { ...entry, size: 'big' }],
    ['a negative offset', { ...entry, offset: -1 }],
    ['a digest of another kind', { ...entry, digest: 'sha256:short' }],
    ['a hard link that climbs', { ...entry, type: 'hardlink', link: '../x' }],
    ['attributes that are no texts', { ...entry, xattrs: { a: 1 } }],
    ['no path', { ...entry, path: undefined }],
  ])('is refused with %s', (_, bad) => {
    const bytes = encodeToc(withEntries([entry, bad as TocEntry]));
    expect(() => decodeToc(bytes)).toThrow(expect.objectContaining({ code: 'LAYER_TOC_INVALID' }));
  });

  test.each<[string, object]>([
    ['more rows than it has paths', { count: 1e9 }],
    ['one path for many rows', { count: 1e9, columns: { path: { same: 'a' } } }],
    ['too few digests', { digests: '' }],
    ['too many digests', { undigested: [0] }],
    ['a column that is too short', { columns: { path: { lines: 'a\nb' }, type: { all: ['file'] } }, count: 2 }],
  ])('is refused with %s', (_, wrong) => {
    const stored = JSON.parse(Buffer.from(encodeToc(withEntries([entry]))).toString()) as object;
    const bytes = Buffer.from(JSON.stringify({ ...stored, ...wrong }));
    expect(() => decodeToc(bytes)).toThrow(expect.objectContaining({ code: 'LAYER_TOC_INVALID' }));
  });

  test.each(['', 'null', '{}', '[]', '{"version":2}'])('is refused when it is %j', (text) => {
    expect(() => decodeToc(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'LAYER_TOC_INVALID' }));
  });
});

describe('limits of an archive', () => {
  const archive = (files: number): Buffer =>
    makeTar(Object.fromEntries(Array.from({ length: files }, (_, at) => [`f${at}`, 'x'])));

  test.each([
    [{ bytes: 4000, entries: 100 }, '4000 bytes'],
    [{ bytes: 1e6, entries: 4 }, '4 entries'],
  ])('%j are kept', async (limits, what) => {
    await expect(readToc(inChunks(archive(5), 512), { limits })).rejects.toMatchObject({
      code: 'LAYER_TOO_LARGE',
      message: expect.stringContaining(what),
      hint: expect.stringContaining('--max-layer-size'),
    });
    expect((await readToc(inChunks(archive(1), 512), { limits })).entries).toHaveLength(1);
  });
});
