import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Compression } from '../../src/core/media-types.ts';
import { compareTreePaths } from '../../src/core/paths.ts';
import type { PackEntry } from '../../src/core/toc.ts';
import { BLOCK_SIZE, BlockPool } from '../../src/io/blocks.ts';
import { digestOf } from '../../src/io/hash.ts';
import { openEarlierBlocks } from '../../src/layers/earlier-blocks.ts';
import { type PackOptions, packLayer } from '../../src/layers/pack.ts';
import { createBlobStore } from '../../src/store/blob-store.ts';
import { noiseBytes, textBytes } from '../support/bytes.ts';
import { countedCompressions } from '../support/counted-compressions.ts';
import { tempDir } from '../support/temp-dir.ts';

const COMPRESSIONS = ['gzip', 'zstd', 'none'] as const;

function optionsFor(compression: Compression): PackOptions {
  return { times: { kind: 'fixed', seconds: 318211200 }, compression, level: 1 };
}

const TEXT = textBytes(6 * 1024 * 1024, 3);
const NOISE = noiseBytes(3 * 1024 * 1024);

interface FileSpec {
  readonly size: number;
  readonly mode: number;
  /** Where its content begins in the text. */
  readonly seed: number;
}

type Files = ReadonlyMap<string, FileSpec>;

type Edit =
  | { readonly kind: 'insert'; readonly name: string; readonly file: FileSpec }
  | { readonly kind: 'delete' | 'touch'; readonly at: number }
  | { readonly kind: 'grow' | 'shrink'; readonly at: number; readonly by: number }
  | { readonly kind: 'rename'; readonly at: number; readonly name: string }
  | { readonly kind: 'chmod'; readonly at: number; readonly mode: number };

const name = fc.stringMatching(/^[a-z]{1,12}(\/[a-z]{1,8})?\.[a-z]{2}$/);
const file = fc.record({
  size: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 0, max: 40_000 }) },
    { weight: 2, arbitrary: fc.integer({ min: 40_000, max: 900_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 900_000, max: 3_000_000 }) },
  ),
  mode: fc.constantFrom(0o644, 0o755),
  seed: fc.integer({ min: 0, max: 1_000_000 }),
});
const at = fc.nat(1000);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), name, file }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'touch' as const), at }),
  fc.record({
    kind: fc.constantFrom('grow' as const, 'shrink' as const),
    at,
    by: fc.integer({ min: 1, max: 200_000 }),
  }),
  fc.record({ kind: fc.constant('rename' as const), at, name }),
  fc.record({ kind: fc.constant('chmod' as const), at, mode: fc.constantFrom(0o600, 0o4755) }),
);

function applyEdit(files: Files, change: Edit): Files {
  const names = [...files.keys()];
  if ('at' in change && names.length === 0) return files;
  const result = new Map(files);
  const target = 'at' in change ? (names[change.at % names.length] ?? '') : change.name;
  const before = files.get(target) ?? { size: 0, mode: 0o644, seed: 0 };
  switch (change.kind) {
    case 'insert':
      return result.set(change.name, change.file);
    case 'delete':
      result.delete(target);
      return result;
    case 'touch':
      return result.set(target, { ...before, seed: before.seed + 1 });
    case 'grow':
      return result.set(target, { ...before, size: before.size + change.by });
    case 'shrink':
      return result.set(target, { ...before, size: Math.max(0, before.size - change.by) });
    case 'rename':
      result.delete(target);
      return result.set(change.name, before);
    case 'chmod':
      return result.set(target, { ...before, mode: change.mode });
  }
}

function contentOf({ size, seed }: FileSpec): Buffer {
  const source = seed % 5 === 0 && size < NOISE.length / 2 ? NOISE : TEXT;
  const start = seed % (source.length - size);
  return source.subarray(start, start + size);
}

function toEntries(files: Files, knowsDigests: boolean): PackEntry[] {
  const directories = new Set(
    [...files.keys()].flatMap((path) => (path.includes('/') ? [path.split('/')[0] ?? ''] : [])),
  );
  const common = { uid: 0, gid: 0, mtime: 0 };
  const entries = [...files].map(([path, spec]): PackEntry => {
    const bytes = contentOf(spec);
    const digest = knowsDigests ? { digest: digestOf(bytes) } : {};
    const source = { kind: 'bytes', bytes } as const;
    return {
      ...common,
      path,
      type: 'file',
      mode: spec.mode,
      size: spec.size,
      ...(spec.size > 0 && { source }),
      ...digest,
    };
  });
  for (const path of directories) entries.push({ ...common, path, type: 'directory', mode: 0o755, size: 0 });
  return entries.sort((a, b) => compareTreePaths(a.path, b.path));
}

/** A name cannot be a file and a folder. */
function isTree(files: Files): boolean {
  return [...files.keys()].every((path) => !files.has(path.split('/')[0] ?? '') || !path.includes('/'));
}

interface Packing {
  readonly compression: Compression;
  readonly knowsDigests: boolean;
}

async function packTwice(before: Files, after: Files, { compression, knowsDigests }: Packing) {
  const options = optionsFor(compression);
  const store = createBlobStore(tempDir());
  const first = await packLayer(toEntries(before, false), store, options);
  const cold = await packLayer(toEntries(after, false), createBlobStore(tempDir()), options);
  const earlier = openEarlierBlocks(store.pathOf(first.descriptor.digest), first.blocks ?? [], compression);
  let warm = cold;
  const compressions = await countedCompressions(async () => {
    warm = await packLayer(toEntries(after, knowsDigests), store, { ...options, earlier });
  });
  earlier?.close();
  return { cold, warm, compressions };
}

/** Files of so many blocks each, with their digests. */
function largeFiles(blocks: number): PackEntry[] {
  const bytes = Buffer.alloc(blocks * BLOCK_SIZE - 1000, TEXT.subarray(0, BLOCK_SIZE / 2 + 1));
  const common = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, digest: digestOf(bytes) } as const;
  return ['a', 'b'].map((path) => ({ ...common, path, size: bytes.length, source: { kind: 'bytes', bytes } }));
}

/** Blocks that are in memory at the same time at most while a layer is packed from one with the same entries. */
async function peakOfTaking(entries: readonly PackEntry[], compression: Compression): Promise<number> {
  const store = createBlobStore(tempDir());
  const options = optionsFor(compression);
  const first = await packLayer(entries, store, options);
  const earlier = openEarlierBlocks(store.pathOf(first.descriptor.digest), first.blocks ?? [], compression);
  const pool = new CountingPool();
  expect(await packLayer(entries, store, { ...options, earlier, pool })).toEqual(first);
  earlier?.close();
  return pool.peak;
}

class CountingPool extends BlockPool {
  peak = 0;
  #taken = 0;

  override take(size?: number): Buffer {
    this.peak = Math.max(this.peak, ++this.#taken);
    return super.take(size);
  }

  override give(block: Buffer): void {
    this.#taken--;
    super.give(block);
  }
}

const files = fc.uniqueArray(fc.tuple(name, file), { selector: ([path]) => path, minLength: 1, maxLength: 120 });

describe('a layer after edits', () => {
  it('has the bytes and the table of contents of a cold build, whatever is taken from the earlier layer', async () => {
    await fc.assert(
      fc.asyncProperty(
        files,
        fc.array(edit, { minLength: 0, maxLength: 5 }),
        fc.record({ compression: fc.constantFrom(...COMPRESSIONS), knowsDigests: fc.boolean() }),
        async (list, edits, packing) => {
          const before: Files = new Map(list);
          const after = edits.reduce(applyEdit, before);
          fc.pre(isTree(before) && isTree(after));
          const { cold, warm } = await packTwice(before, after, packing);
          expect(warm).toEqual(cold);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each(['gzip', 'zstd'] as const)(
    'has three blocks of %s compressed again at most when one small file was edited',
    async (compression) => {
      const list = Array.from({ length: 3000 }, (_, i): [string, FileSpec] => [
        `d${i % 20}/f${i}.ts`,
        { size: (i * 7919) % 9000, mode: 0o644, seed: i },
      ]);
      const before: Files = new Map(list);
      await fc.assert(
        fc.asyncProperty(edit, async (change) => {
          const after = applyEdit(
            before,
            change.kind === 'insert' ? { ...change, file: { ...change.file, size: 1000 } } : change,
          );
          fc.pre(isTree(after));
          const { cold, warm, compressions } = await packTwice(before, after, { compression, knowsDigests: true });
          expect(warm.descriptor).toEqual(cold.descriptor);
          // A file that moves is a change in two places.
          expect(compressions).toBeLessThanOrEqual(change.kind === 'rename' ? 6 : 3);
          expect(compressions).toBeLessThan((cold.blocks?.length ?? 0) / 2);
        }),
        { numRuns: 12 },
      );
    },
  );

  it.each(['gzip', 'zstd'] as const)(
    'compresses again to %s what changed in a large file, and no more',
    async (compression) => {
      const options = optionsFor(compression);
      const store = createBlobStore(tempDir());
      const bytes = Buffer.concat([TEXT, TEXT]);
      const entry = (content: Buffer): PackEntry[] => [
        {
          path: 'big',
          type: 'file',
          mode: 0o644,
          uid: 0,
          gid: 0,
          mtime: 0,
          size: content.length,
          source: { kind: 'bytes', bytes: content },
        },
      ];
      const first = await packLayer(entry(bytes), store, options);
      const edited = Buffer.from(bytes);
      edited[5_000_000] = 0;
      const cold = await packLayer(entry(edited), createBlobStore(tempDir()), options);
      const earlier = openEarlierBlocks(store.pathOf(first.descriptor.digest), first.blocks ?? [], compression);
      const compressions = await countedCompressions(async () => {
        expect(await packLayer(entry(edited), store, { ...options, earlier })).toEqual(cold);
      });
      earlier?.close();
      // The part with the edit, and the end mark is a block of its own that was found.
      expect(compressions).toBe(1);
    },
  );

  it('is packed from an earlier one in memory that does not grow with its files', async () => {
    const peak = await peakOfTaking(largeFiles(14), 'gzip');
    expect(peak).toBeGreaterThan(0);
    expect(await peakOfTaking(largeFiles(20), 'gzip')).toBe(peak);
  });

  it.each(COMPRESSIONS)(
    'goes on with a large file where the earlier layer is damaged, with %s',
    async (compression) => {
      const options = optionsFor(compression);
      const store = createBlobStore(tempDir());
      const entries = largeFiles(3);
      const first = await packLayer(entries, store, options);
      for (const damaged of [0, 1, 4]) {
        const blocks = (first.blocks ?? []).map((block, i) =>
          i === damaged ? { ...block, digest: '0'.repeat(64) } : block,
        );
        const earlier = openEarlierBlocks(store.pathOf(first.descriptor.digest), blocks, compression);
        expect(await packLayer(entries, createBlobStore(tempDir()), { ...options, earlier })).toEqual(first);
        earlier?.close();
      }
    },
  );

  it.each(COMPRESSIONS)('packs anew what is damaged in the earlier layer, with %s', async (compression) => {
    const options = optionsFor(compression);
    const dir = tempDir();
    const store = createBlobStore(dir);
    const entries = toEntries(new Map([['a', { size: 300_000, mode: 0o644, seed: 1 }]]), true);
    const first = await packLayer(entries, store, options);
    const [block] = first.blocks ?? [];
    const blob = store.pathOf(first.descriptor.digest);
    for (const wrong of [{ digest: '0'.repeat(64) }, { offset: 1e9 }, { rawSize: 5 }, { size: 20 }]) {
      const blocks = block === undefined ? [] : [{ ...block, ...wrong }];
      const earlier = openEarlierBlocks(blob, blocks, compression);
      expect(await packLayer(entries, createBlobStore(tempDir()), { ...options, earlier })).toEqual(first);
      earlier?.close();
    }
    expect(openEarlierBlocks(`${blob}.gone`, first.blocks ?? [], compression)).toBeUndefined();
  });
});
