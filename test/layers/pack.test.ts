import { AssertionError } from 'node:assert';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toDiffId } from '../../src/core/digest.ts';
import type { IndexedLayer } from '../../src/core/image.ts';
import { MediaType } from '../../src/core/media-types.ts';
import type { ContentStore } from '../../src/core/ports.ts';
import type { PackEntry, WhiteoutEntry } from '../../src/core/toc.ts';
import { decompress } from '../../src/io/decompress.ts';
import { digestOf } from '../../src/io/hash.ts';
import { type PackOptions, packLayer } from '../../src/layers/pack.ts';
import { spoolContents } from '../../src/layers/spool.ts';
import { readToc } from '../../src/layers/toc.ts';
import { encodeToc } from '../../src/layers/toc-codec.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { collect, inChunks, noiseBytes, textBytes } from '../support/bytes.ts';
import { layerEntries } from '../support/layer-trees.ts';
import { plainToc } from '../support/plain-toc.ts';
import { tempDir } from '../support/temp-dir.ts';

const OPTIONS: PackOptions = { times: { kind: 'fixed', seconds: 318211200 }, compression: 'gzip' };

const directory = (path: string): PackEntry => ({
  path,
  type: 'directory',
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 5,
});

function file(path: string, content: string | Uint8Array, more: Partial<PackEntry> = {}): PackEntry {
  const bytes = Buffer.from(content);
  const size = bytes.length;
  return { path, type: 'file', mode: 0o644, uid: 1, gid: 2, size, mtime: 7, source: { kind: 'bytes', bytes }, ...more };
}

function fileAt(path: string, hostPath: string, size: number): PackEntry {
  return { ...file(path, ''), size, source: { kind: 'path', path: hostPath } };
}

async function tarOf(layer: IndexedLayer, store: ContentStore): Promise<Buffer> {
  return collect(decompress(store.read(layer.descriptor)));
}

describe('packLayer', () => {
  test('writes an empty tar for no entries', async () => {
    const store = createMemoryStore();
    const layer = await packLayer([], store, { ...OPTIONS, compression: 'none' });
    expect(layer.descriptor).toMatchObject({ mediaType: MediaType.ociLayer, size: 1024 });
    expect(layer.diffId).toBe(digestOf(new Uint8Array(1024)));
    expect(plainToc(layer.toc)).toEqual({ version: 1, diffId: layer.diffId, size: 1024, entries: [] });
  });

  test('knows digests, offsets and small contents of what it wrote', async () => {
    const store = createMemoryStore();
    const big = textBytes(600_000);
    const passwd = textBytes(5000);
    const entries = [directory('etc'), file('etc/group', passwd), file('etc/hosts', 'small'), file('etc/other', big)];
    const layer = await packLayer(entries, store, OPTIONS);
    const tar = await tarOf(layer, store);
    expect(digestOf(tar)).toBe(layer.diffId);
    expect(layer.descriptor.mediaType).toBe(MediaType.ociLayerGzip);
    const [, group, hosts, other] = layer.toc.entries;
    expect(group).toMatchObject({ digest: digestOf(passwd), data: passwd.toString('base64'), mtime: 318211200 });
    expect(hosts).toMatchObject({ data: Buffer.from('small').toString('base64'), uid: 1, gid: 2 });
    expect(other).toMatchObject({ digest: digestOf(big), size: 600_000 });
    expect(other).not.toHaveProperty('data');
    const offset = other !== undefined && 'offset' in other ? (other.offset ?? 0) : 0;
    expect(tar.subarray(offset, offset + 600_000).equals(big)).toBe(true);
  });

  test('has the table of contents that reading the layer gives', async () => {
    await fc.assert(
      fc.asyncProperty(layerEntries, fc.constantFrom('gzip', 'zstd', 'none'), async (entries, compression) => {
        const store = createMemoryStore();
        const layer = await packLayer(entries, store, { times: { kind: 'preserve' }, compression });
        const read = await readToc(decompress(store.read(layer.descriptor)));
        expect(read).toEqual(plainToc(layer.toc));
        expect(encodeToc(read)).toEqual(encodeToc(layer.toc));
      }),
      { numRuns: 40 },
    );
  });

  test('gives the same layer for contents in memory, in files and in another layer', async () => {
    const store = createMemoryStore();
    const folder = tempDir();
    const contents = [textBytes(100), noiseBytes(700_000), textBytes(262_144 - 1024), textBytes(512), textBytes(1)];
    const entries = contents.map((content, i) => file(`f${i}`, content));
    const expected = await packLayer(entries, store, OPTIONS);
    const files = contents.map((content, i) => {
      writeFileSync(join(folder, `f${i}`), content);
      return fileAt(`f${i}`, join(folder, `f${i}`), content.length);
    });
    expect(await packLayer(files, store, OPTIONS)).toEqual(expected);

    const base = await packLayer(
      contents.map((content, i) => file(`g${i}`, content, { mtime: 1 })),
      store,
      OPTIONS,
    );
    const offsets = base.toc.entries.map((entry) => ('offset' in entry ? (entry.offset ?? 0) : 0));
    const wanted = new Map(contents.map((content, i) => [offsets[i] ?? 0, content.length]));
    const places = await spoolContents(inChunks(await tarOf(base, store), 10_000), wanted, join(folder, 'spool'));
    const fromLayer = entries.map((entry, i) => ({
      ...entry,
      source: { kind: 'layer' as const, layer: base.diffId, offset: offsets[i] ?? 0 },
    }));
    const readLayerContent: PackOptions['readLayerContent'] = ({ layer, offset }) => {
      expect(layer).toBe(base.diffId);
      const place = places.get(offset);
      if (place === undefined) throw new Error(`no content at ${offset}`);
      return place;
    };
    expect(await packLayer(fromLayer, store, { ...OPTIONS, readLayerContent })).toEqual(expected);
  });

  test('writes whiteouts as empty files of no time and mode', async () => {
    const store = createMemoryStore();
    const entries: (PackEntry | WhiteoutEntry)[] = [
      { path: 'a', type: 'whiteout' },
      directory('d'),
      { path: 'd', type: 'opaque' },
      { path: 'd/gone', type: 'whiteout' },
      file('d/new', 'x'),
    ];
    const layer = await packLayer(entries, store, { ...OPTIONS, compression: 'none' });
    const tar = (await tarOf(layer, store)).toString('latin1');
    expect(tar.slice(0, 157)).toBe(
      `.wh.a${'\0'.repeat(95)}0000000\x000000000\x000000000\x00${'0'.repeat(11)}\0${'0'.repeat(11)}\0${tar.slice(148, 156)}0`,
    );
    expect(tar).toContain('d/.wh..wh..opq');
    expect(tar).toContain('d/.wh.gone');
    expect(layer.toc.entries.map(({ path, type }) => [path, type])).toEqual(
      entries.map(({ path, type }) => [path, type]),
    );
  });

  test('keeps times when asked, and of extended attributes only capabilities', async () => {
    const xattrs = { 'security.capability': 'AQAAAg==', 'user.note': 'eA==' };
    const layer = await packLayer([file('a', 'x', { xattrs, mtimeNanoseconds: 5 })], createMemoryStore(), {
      ...OPTIONS,
      times: { kind: 'preserve' },
    });
    expect(layer.toc.entries[0]).toMatchObject({ mtime: 7, xattrs: { 'security.capability': 'AQAAAg==' } });
    expect(layer.toc.entries[0]).not.toHaveProperty('xattrs.user.note');
    expect(layer.toc.entries[0]).not.toHaveProperty('mtimeNanoseconds');
  });

  test.each<[string, (PackEntry | WhiteoutEntry)[]]>([
    ['unsorted entries', [file('b', ''), file('a', '')]],
    ['the same path twice', [file('a', ''), file('a', '')]],
    ['names in the order of strings instead of a walk', [directory('a'), file('a.txt', ''), file('a/b', '')]],
    ['a missing parent', [file('a/b', '')]],
    ['a parent that is a file', [file('a', ''), file('a/b', '')]],
    ['a hard link before its target', [file('a', '', { type: 'hardlink', link: 'b' }), file('b', '')]],
    ['a hard link to a directory', [directory('a'), file('b', '', { type: 'hardlink', link: 'a' })]],
    ['an opaque mark outside of its directory', [directory('a'), file('a/b', ''), { path: 'c', type: 'opaque' }]],
    ['an empty path', [directory('')]],
  ])('asserts against %s', async (_, entries) => {
    await expect(packLayer(entries, createMemoryStore(), OPTIONS)).rejects.toThrow(AssertionError);
  });
});

describe('a file that changes while it is packed', () => {
  const cases: [string, number, number][] = [
    ['shorter', 1000, 999],
    ['longer', 1000, 1001],
    ['shorter, of several blocks', 1_000_000, 700_000],
    ['longer, of several blocks', 700_000, 700_001],
    ['longer, at the end of a block', 262_144 - 512, 262_144],
  ];
  test.each(cases)('is named when it is %s', async (_, expected, found) => {
    const path = join(tempDir(), 'file');
    writeFileSync(path, textBytes(found));
    await expect(
      packLayer(
        [fileAt('app/file', path, expected)].map((e) => ({ ...e, path: 'file' })),
        createMemoryStore(),
        OPTIONS,
      ),
    ).rejects.toMatchObject({
      code: 'LAYER_FILE_CHANGED',
      entry: 'file',
      message: expect.stringContaining(path),
    });
  });

  test('is named when it is gone, or a link or directory by now', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'target'), 'secret');
    symlinkSync('target', join(folder, 'link'));
    mkdirSync(join(folder, 'directory'));
    for (const name of ['gone', 'link', 'directory']) {
      const entry = fileAt('a', join(folder, name), 6);
      await expect(packLayer([entry], createMemoryStore(), OPTIONS)).rejects.toMatchObject({
        code: 'LAYER_FILE_CHANGED',
      });
    }
  });

  test('is found by its digest', async () => {
    const entry = file('a', 'new content', { digest: digestOf(Buffer.from('old content')) });
    await expect(packLayer([entry], createMemoryStore(), OPTIONS)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LayerError: a was changed while it was packed: its content is another]`,
    );
  });
});

describe('packing as part of a larger program', () => {
  function* many(count: number): Generator<PackEntry, void> {
    const bytes = textBytes(100_000);
    for (let i = 0; i < count; i++) yield file(String(i).padStart(6, '0'), bytes);
  }

  test.each(['none', 'gzip', 'zstd'] as const)('lets others have their turn with %s', async (compression) => {
    let turns = 0;
    let isOver = false;
    const counting = (async () => {
      for (; !isOver; turns++) await setImmediate();
    })();
    await packLayer(many(200), createMemoryStore(), { ...OPTIONS, compression });
    isOver = true;
    await counting;
    expect(turns).toBeGreaterThan(5);
  });

  test('stops when it is aborted, and leaves nothing in the store', async () => {
    const store = createMemoryStore();
    const aborter = new AbortController();
    const packing = packLayer(many(100_000), store, { ...OPTIONS, signal: aborter.signal });
    setImmediate().then(() => aborter.abort());
    await expect(packing).rejects.toMatchObject({ name: 'AbortError' });
    expect(await Array.fromAsync(store.list())).toEqual([]);
  });

  test('has diff IDs that do not depend on the compression', async () => {
    const layers = await Promise.all(
      (['none', 'gzip', 'zstd'] as const).map((compression) =>
        packLayer([file('a', textBytes(500_000))], createMemoryStore(), { ...OPTIONS, compression }),
      ),
    );
    expect(new Set(layers.map((layer) => layer.diffId)).size).toBe(1);
    expect(new Set(layers.map((layer) => layer.descriptor.digest)).size).toBe(3);
    expect(layers[0]?.diffId).toBe(toDiffId(layers[0]?.descriptor.digest ?? ''));
  });
});
