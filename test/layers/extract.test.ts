import { describe, expect, test } from 'vitest';
import { extractContents } from '../../src/layers/extract.ts';
import { inChunks, noiseBytes } from '../support/bytes.ts';

const BYTES = noiseBytes(10_000);

async function extract(wanted: ReadonlyMap<number, number>, chunk: number): Promise<Map<number, Buffer>> {
  const found = new Map<number, Buffer>();
  await extractContents(inChunks(BYTES, chunk), wanted, (offset, part) => {
    found.set(offset, Buffer.concat([found.get(offset) ?? Buffer.alloc(0), part]));
  });
  return found;
}

describe('extractContents', () => {
  test.each([1, 7, 512, 10_000])('gives each wanted content in chunks of %d', async (chunk) => {
    const wanted = new Map([
      [5000, 1000],
      [0, 10],
      [6000, 1],
      [300, 0],
      [9990, 10],
    ]);
    const found = await extract(wanted, chunk);
    expect([...found.keys()]).toEqual([0, 5000, 6000, 9990]);
    for (const [offset, content] of found) {
      expect(content).toEqual(BYTES.subarray(offset, offset + (wanted.get(offset) ?? 0)));
    }
  });

  test('reads no further than the last wanted content, and nothing for none', async () => {
    let read = 0;
    async function* source(): AsyncGenerator<Uint8Array, void> {
      for await (const chunk of inChunks(BYTES, 100)) {
        read += chunk.length;
        yield chunk;
      }
    }
    await extractContents(source(), new Map([[250, 20]]), () => undefined);
    expect(read).toBe(300);
    await extractContents(source(), new Map(), () => undefined);
    expect(read).toBe(300);
  });

  test('refuses a layer that is too short', async () => {
    await expect(extract(new Map([[9999, 2]]), 100)).rejects.toMatchObject({ code: 'LAYER_TAR_CORRUPT' });
  });
});
