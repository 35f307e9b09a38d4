import { execFileSync } from 'node:child_process';
import { constants, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ContentError } from '../../src/core/errors.ts';
import { BLOCK_SIZE } from '../../src/io/blocks.ts';
import { type CompressionFormat, decompress, sniffCompression } from '../../src/io/decompress.ts';
import { zstd } from '../../src/io/zstd.ts';
import { collect, inChunks, noiseBytes, textBytes } from '../support/bytes.ts';
import { hasProgram } from '../support/programs.ts';

const TEXT = textBytes(700_000);
const external =
  (program: string) =>
  (bytes: Uint8Array): Buffer =>
    execFileSync(program, ['-c'], { input: bytes, maxBuffer: 1 << 25 });

const FORMATS: readonly [CompressionFormat, (bytes: Uint8Array) => Buffer, boolean][] = [
  ['none', (bytes) => Buffer.from(bytes), true],
  ['gzip', (bytes) => gzipSync(bytes), true],
  ['zstd', (bytes) => zstdCompressSync(bytes), true],
  ['bzip2', external('bzip2'), hasProgram('bzip2')],
  ['xz', external('xz'), hasProgram('xz')],
];
const AVAILABLE = FORMATS.filter(([, , isThere]) => isThere);
const COMPRESSED = AVAILABLE.filter(([format]) => format !== 'none');

describe('decompress', () => {
  test.each(AVAILABLE)('knows %s by its first bytes and undoes it', async (format, compress) => {
    const bytes = compress(TEXT);
    expect(sniffCompression(bytes)).toBe(format);
    expect((await collect(decompress(inChunks(bytes, 1, 2, 50_000)))).equals(TEXT)).toBe(true);
    expect((await collect(decompress(inChunks(bytes, 50_000), { format }))).equals(TEXT)).toBe(true);
  });

  test.each(COMPRESSED)('reads %s of several members', async (_, compress) => {
    const bytes = Buffer.concat([compress(TEXT), compress(Buffer.from('more'))]);
    const expected = Buffer.concat([TEXT, Buffer.from('more')]);
    expect((await collect(decompress(inChunks(bytes, 10_000)))).equals(expected)).toBe(true);
  });

  test.each(COMPRESSED)('refuses %s that was cut short', async (format, compress) => {
    const bytes = compress(TEXT);
    for (const length of [3, Math.floor(bytes.length / 2), bytes.length - 1]) {
      await expect(collect(decompress(inChunks(bytes.subarray(0, length), 10_000), { format }))).rejects.toMatchObject({
        code: 'LAYER_COMPRESSION_CORRUPT',
      });
    }
  });

  test.each(COMPRESSED)('refuses what is no %s at all', async (format) => {
    await expect(collect(decompress(inChunks(TEXT, 1000), { format }))).rejects.toMatchObject({
      code: 'LAYER_COMPRESSION_CORRUPT',
    });
  });

  test('passes frames of zstd that hold no content', async () => {
    const skippable = Buffer.from('502a4d1804000000deadbeef', 'hex');
    const text = TEXT.subarray(0, 5000);
    const bytes = Buffer.concat([skippable, zstdCompressSync(text), skippable, skippable]);
    for (const chunk of [1, 100, bytes.length]) {
      expect((await collect(decompress(inChunks(bytes, chunk), { format: 'zstd' }))).equals(text)).toBe(true);
    }
  });

  test.each(AVAILABLE)('stops at the limit for %s', async (_, compress) => {
    const bytes = compress(Buffer.alloc(5_000_000));
    await expect(collect(decompress(inChunks(bytes, 4096), { maxBytes: 4_999_999 }))).rejects.toMatchObject({
      code: 'LAYER_TOO_LARGE',
    });
    expect(await collect(decompress(inChunks(bytes, 4096), { maxBytes: 5_000_000 }))).toHaveLength(5_000_000);
  });

  test.each(AVAILABLE)('passes on what the source of %s throws', async (_, compress) => {
    const bytes = compress(noiseBytes(300_000));
    async function* failing(): AsyncGenerator<Uint8Array, void> {
      yield* inChunks(bytes.subarray(0, 100_000), 1000);
      throw new ContentError('CONTENT_DIGEST_MISMATCH', 'not what was promised');
    }
    await expect(collect(decompress(failing()))).rejects.toMatchObject({ code: 'CONTENT_DIGEST_MISMATCH' });
  });

  test.each(AVAILABLE)('closes its source when the reader of %s stops early', async (_, compress) => {
    const bytes = compress(noiseBytes(2_000_000));
    let isClosed = false;
    async function* source(): AsyncGenerator<Uint8Array, void> {
      try {
        yield* inChunks(bytes, 1000);
      } finally {
        isClosed = true;
      }
    }
    for await (const _chunk of decompress(source())) break;
    expect(isClosed).toBe(true);
  });

  test('takes an empty stream for uncompressed', async () => {
    expect(await collect(decompress(inChunks(new Uint8Array(0))))).toHaveLength(0);
  });
});

describe('zstd', () => {
  test('is undone by Node, and has the same bytes whatever the chunks', async () => {
    for (const bytes of [new Uint8Array(0), TEXT, noiseBytes(BLOCK_SIZE), textBytes(2 * BLOCK_SIZE)]) {
      const expected = await collect(zstd(inChunks(bytes, 1 << 20)));
      expect(zstdDecompressSync(expected).equals(bytes)).toBe(true);
      for (const chunks of [[1000, 70_000], [BLOCK_SIZE]]) {
        expect((await collect(zstd(inChunks(bytes, ...chunks)))).equals(expected)).toBe(true);
      }
    }
  });

  test('makes a frame of each block as if it were alone, however many came before it', async () => {
    const bytes = Buffer.concat([textBytes(3 * BLOCK_SIZE), noiseBytes(BLOCK_SIZE), textBytes(5 * BLOCK_SIZE, 2)]);
    const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };
    const alone = Array.from({ length: 9 }, (_, i) =>
      zstdCompressSync(bytes.subarray(i * BLOCK_SIZE, (i + 1) * BLOCK_SIZE), {
        ...{ params, finishFlush: constants.ZSTD_e_end, chunkSize: 2 * BLOCK_SIZE, pledgedSrcSize: BLOCK_SIZE },
      }),
    );
    expect((await collect(zstd(inChunks(bytes, 1 << 20)))).equals(Buffer.concat(alone))).toBe(true);
  });

  test.each([1, 3, 19])('is read frame by frame, however it was written at level %d', async (level) => {
    const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: level % 2 };
    const parts = [TEXT, new Uint8Array(0), noiseBytes(400_000), Buffer.alloc(600_000), Buffer.from('x')];
    const bytes = Buffer.concat(parts.map((part) => zstdCompressSync(part, { params })));
    for (const chunk of [4096, bytes.length]) {
      expect((await collect(decompress(inChunks(bytes, chunk)))).equals(Buffer.concat(parts))).toBe(true);
    }
  });

  test.runIf(hasProgram('zstd'))("is undone by the host's zstd", async () => {
    const output = execFileSync('zstd', ['-dc'], { input: await collect(zstd(inChunks(TEXT))), maxBuffer: 1 << 24 });
    expect(output.equals(TEXT)).toBe(true);
  });
});
