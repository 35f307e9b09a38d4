import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Toc, TocEntry } from '../../src/core/toc.ts';
import { digestOf } from '../../src/io/hash.ts';
import { encodeTarHeader, type TarHeader } from '../../src/io/tar-header.ts';
import type { StoredNumbers } from '../../src/layers/columns.ts';
import { packLayer } from '../../src/layers/pack.ts';
import { readToc } from '../../src/layers/toc.ts';
import { decodeToc, encodeToc } from '../../src/layers/toc-codec.ts';
import type { StoredHead } from '../../src/layers/toc-table.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { inChunks } from '../support/bytes.ts';
import { makeTar } from '../support/images.ts';
import { layerEntries } from '../support/layer-trees.ts';
import { plainToc } from '../support/plain-toc.ts';
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
        expectKept(toc);
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
        expectKept(toc);
      }),
    );
  });

  test('is read as it was written, whatever is large in some thousands of rows and small in the next', () => {
    const text = fc.constantFrom('', 'x', 'x'.repeat(300));
    const stretch = fc.record({ size: fc.constantFrom(0, 200, 60_000, 4e9, 2 ** 50), name: text, value: text });
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 6 }), (stretches) => {
        const entries = stretches.flatMap(({ size, name, value }, at) =>
          Array.from({ length: 1100 }, (_, i) => ({
            ...header(`${at}/${i}${name}`, { size, mtime: size - i, xattrs: { 'user.a': value } }),
            digest,
            offset: 512 + size,
          })),
        );
        const toc = withEntries(entries);
        expect(decodeToc(encodeToc(toc)).entries.filter(({ type }) => type === 'file')).toEqual(entries);
      }),
      { numRuns: 20 },
    );
  });

  test('takes little more than its paths and digests', () => {
    const entries = Array.from({ length: 1000 }, (_, i) => ({ ...header(`some/path/${i}`), digest, offset: 512 * i }));
    expect(encodeToc(withEntries(entries)).length).toBeLessThan(1000 * 120);
  });

  test('is written in equal bytes once it was read', () => {
    const bytes = encodeToc(withEntries([header('a', { type: 'directory' }), header('a/b')]));
    expect(encodeToc(decodeToc(bytes))).toEqual(bytes);
  });

  const ENTRIES: readonly TocEntry[] = [
    header('abc', { type: 'directory' }),
    { ...header('abc/f', { size: 1 }), digest, offset: 512, data: 'eA==' },
    { ...header('abc/g', { xattrs: { 'user.a': 'eA==' } }), digest, offset: 1536 },
    header('h', { type: 'hardlink', link: 'abc/f' }),
    header('i', { type: 'hardlink', link: 'lower' }),
    header('s', { type: 'symlink', link: 'abc' }),
  ];
  const bytes = Buffer.from(encodeToc(withEntries(ENTRIES)));
  const refused = expect.objectContaining({ code: 'LAYER_TOC_INVALID', hint: expect.any(String) });

  test('is refused when it was cut short, at whatever byte', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeToc(bytes.subarray(0, length))).toThrow(refused);
    }
  });

  test('is refused when a bit is another, in whatever byte', () => {
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(bytes.readUInt8(at) ^ (1 << (at & 7)), at);
      expect(() => decodeToc(damaged)).toThrow(refused);
    }
  });

  test.each<[string, readonly TocEntry[]]>([
    ['a path that climbs', [header('../a')]],
    ['an empty component', [header('a//b')]],
    ['an empty path', [header('')]],
    ['a path of a point', [header('a/./b')]],
    ['a trailing slash', [header('a/')]],
    ['a hard link that climbs', [header('a', { type: 'hardlink', link: '../x' })]],
    ['a symbolic link without a text', [header('a', { type: 'symlink' })]],
    ['a file with a link', [header('a', { link: 'b' })]],
    ['a negative size', [header('a', { size: -1 })]],
    ['a size that is no whole number', [header('a', { size: 0.5 })]],
    ['a negative offset', [{ ...header('a'), offset: -2 }]],
  ])('is refused with %s', (_, entries) => {
    expect(() => decodeToc(encodeToc(withEntries(entries)))).toThrow(refused);
  });

  test.each<[string, Forgery]>([
    ['more rows than it has names', ({ head }) => Object.assign(head, { count: 1e9 })],
    ['a diff ID of another kind', ({ head }) => Object.assign(head, { diffId: 'sha256:short' })],
    ['a size that is no number', ({ head }) => Object.assign(head, { size: '4096' })],
    [
      'numbers of the other byte order',
      ({ head }) => Object.assign(head, { order: head.order === 'LE' ? 'BE' : 'LE' }),
    ],
    ['a column that is not there', ({ head }) => Object.assign(head.numbers, { mode: undefined })],
    [
      'a column beyond its end',
      ({ head, sections }) => Object.assign(head.numbers, { size: { width: 4, at: sections.length } }),
    ],
    ['a column before its beginning', ({ head }) => Object.assign(head.numbers, { size: { width: 1, at: -8 } })],
    ['a column between two numbers', ({ head }) => Object.assign(head.numbers, { size: { width: 4, at: 1 } })],
    ['numbers of another width', ({ head }) => Object.assign(head.numbers, { size: { width: 3, at: 0 } })],
    ['a number that is none', ({ head }) => Object.assign(head.numbers, { mode: { same: 'x' } })],
    ['too few digests', ({ head }) => Object.assign(head.digests, { length: 32 })],
    ['digests beyond its end', ({ head, sections }) => Object.assign(head.digests, { at: sections.length })],
    [
      'digests that are not numbered in their order',
      ({ head }) => Object.assign(head.numbers, { digest: { same: 2 } }),
    ],
    ['names that do not end', ({ head }) => Object.assign(head.texts.name, { length: 3 })],
    ['an unknown type', ({ head }) => Object.assign(head.numbers, { type: { same: 99 } })],
    ['a row in itself', ({ head }) => Object.assign(head.numbers, { parent: { same: 2 } })],
    ['a row in a file', ({ head, sections }) => put(head.numbers.parent, sections, 3, 2)],
    ['a hard link to itself', ({ head, sections }) => put(head.numbers.target, sections, 3, 4)],
    ['a hard link to a directory', ({ head, sections }) => put(head.numbers.target, sections, 3, 1)],
    ['a link to a lower layer where order is said not to count', ({ head }) => Object.assign(head, { isPlain: true })],
    ['a name of two components', ({ sections }) => sections.write('a/c', sections.indexOf('abc'))],
    ['a name that climbs', ({ head, sections }) => nameFirst(head, sections, '..')],
    [
      'attributes that are no texts',
      ({ sections }) => sections.write('[[     1      ]]', sections.indexOf('{"user.a"')),
    ],
    ['attributes that are no JSON', ({ sections }) => sections.write('x', sections.indexOf('{"user.a"'))],
  ])('is refused with %s, its checksum being right', (_, forgery) => {
    expect(decodeToc(forged(() => {})).entries).toEqual(ENTRIES);
    expect(() => decodeToc(forged(forgery))).toThrow(refused);
  });

  type Parts = { readonly head: StoredHead; readonly sections: Buffer };
  type Forgery = (parts: Parts) => unknown;

  function forged(forgery: Forgery): Buffer {
    const end = 24 + bytes.readUInt32LE(20);
    const head = JSON.parse(bytes.toString('utf8', 24, end)) as StoredHead;
    const sections = Buffer.from(bytes.subarray(end));
    forgery({ head, sections });
    const text = JSON.stringify(head);
    const json = Buffer.from(text.padEnd(text.length + (-text.length & 7)));
    const forgedBytes = Buffer.concat([bytes.subarray(0, 24), json, sections]);
    forgedBytes.writeUInt32LE(json.length, 20);
    forgedBytes.writeUInt32LE(crc32(forgedBytes.subarray(20)), 16);
    return forgedBytes;
  }

  function put(column: StoredNumbers, sections: Buffer, row: number, value: number): void {
    if ('same' in column) throw new Error('a column without numbers');
    sections.writeUIntLE(value, column.at + row * column.width, column.width);
  }

  /** Its first name has three letters: the rest goes to the second. */
  function nameFirst({ texts }: StoredHead, sections: Buffer, name: string): void {
    sections.write(name, sections.indexOf('abc'));
    put(texts.name.ends, sections, 0, name.length);
  }

  test.each(['', 'null', '{}', '[]', '{"version":2}'])('is refused when it is %j', (text) => {
    expect(() => decodeToc(Buffer.from(text))).toThrow(refused);
  });

  function expectKept(toc: Toc): void {
    expect(plainToc(decodeToc(encodeToc(toc)))).toEqual(plainToc(toc));
  }
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
