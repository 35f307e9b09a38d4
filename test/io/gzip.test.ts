import { execFileSync } from 'node:child_process';
import { constants, deflateRawSync, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_SIZE, BlockPool } from '../../src/io/blocks.ts';
import { GZIP_HEADER_BYTES, type GzipOptions, gzip, gzipBlocks } from '../../src/io/gzip.ts';
import { looksIncompressible } from '../../src/io/probe.ts';
import { collect, inChunks, noiseBytes, textBytes } from '../support/bytes.ts';
import { hasProgram } from '../support/programs.ts';

const compress = (bytes: Uint8Array, options: GzipOptions = {}, ...chunks: number[]): Promise<Buffer> =>
  collect(gzip(inChunks(bytes, ...(chunks.length === 0 ? [1 << 20] : chunks)), options));

const MIXED = Buffer.concat([
  textBytes(BLOCK_SIZE + 1000),
  noiseBytes(2 * BLOCK_SIZE),
  textBytes(3 * BLOCK_SIZE, 2),
  noiseBytes(300_001, 3),
]);

describe('gzip', () => {
  test.each([0, 1, 100, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 3 * BLOCK_SIZE])(
    'is undone by gunzip for %d bytes',
    async (length) => {
      const bytes = textBytes(length);
      expect(gunzipSync(await compress(bytes)).equals(bytes)).toBe(true);
    },
  );

  test('is undone by gunzip for any content', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 9 }), async (bytes, level) => {
        expect(gunzipSync(await compress(bytes, { level }))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test.runIf(hasProgram('gzip'))("is undone by the host's gzip, as one member", async () => {
    const output = execFileSync('gzip', ['-dc'], { input: await compress(MIXED), maxBuffer: 1 << 25 });
    expect(output.equals(MIXED)).toBe(true);
  });

  test('gives the same bytes whatever the chunks and the number of blocks in flight', async () => {
    const expected = await compress(MIXED);
    expect((await compress(MIXED, { inFlight: 1 })).equals(expected)).toBe(true);
    expect((await compress(MIXED, { inFlight: 3 }, 1000, 70_000)).equals(expected)).toBe(true);
    expect((await compress(MIXED, {}, BLOCK_SIZE)).equals(expected)).toBe(true);
  });

  test('deflates each block as if it were alone, however many came before it', async () => {
    const blocks = Array.from({ length: 16 }, (_, i) => textBytes(1 + i * 50_000, i + 1));
    const pool = new BlockPool();
    const inPool = blocks.map((block) => {
      const bytes = pool.take();
      return { bytes: bytes.subarray(0, block.copy(bytes)) };
    });
    const alone = blocks.map((block) =>
      deflateRawSync(block, { level: 6, memLevel: 9, finishFlush: constants.Z_SYNC_FLUSH }),
    );
    const together = await collect(gzipBlocks(inPool, pool));
    expect(together.subarray(GZIP_HEADER_BYTES, -10).equals(Buffer.concat(alone))).toBe(true);
  });

  test('has a header without time, name or system', async () => {
    expect((await compress(textBytes(10))).subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
  });

  test('loses little to its blocks, and stores what does not compress', async () => {
    const text = await compress(textBytes(4 * BLOCK_SIZE));
    const noise = await compress(noiseBytes(4 * BLOCK_SIZE));
    expect(text.length).toBeLessThan(0.35 * 4 * BLOCK_SIZE);
    // Five bytes for each 65,535 that are stored.
    expect(noise.length - 4 * BLOCK_SIZE).toBeLessThan(5 * Math.ceil((4 * BLOCK_SIZE) / 65_000) + 50);
  });

  test('passes on what its source throws', async () => {
    async function* failing(): AsyncGenerator<Uint8Array, void> {
      yield textBytes(2 * BLOCK_SIZE);
      throw new Error('the source broke');
    }
    await expect(collect(gzip(failing()))).rejects.toThrow('the source broke');
  });

  test('closes its source when the reader stops', async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<Uint8Array, void> {
      try {
        for (;;) yield textBytes(BLOCK_SIZE);
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of gzip(source(), { inFlight: 2 })) break;
    for await (const chunk of gzip(source(), { inFlight: 2 })) if (chunk.length > 100) break;
    expect(isClosed).toBe(true);
  });
});

describe('the probe', () => {
  test('tells noise from text, binaries with structure and short blocks', () => {
    expect(looksIncompressible(noiseBytes(BLOCK_SIZE))).toBe(true);
    expect(looksIncompressible(textBytes(BLOCK_SIZE))).toBe(false);
    expect(looksIncompressible(Buffer.from(noiseBytes(BLOCK_SIZE).toString('base64')))).toBe(false);
    expect(looksIncompressible(Buffer.alloc(BLOCK_SIZE))).toBe(false);
    expect(looksIncompressible(noiseBytes(4000))).toBe(false);
  });
});
