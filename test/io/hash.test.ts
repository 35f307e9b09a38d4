import { expect, test } from 'vitest';
import { counted, DigestCounter, digestOf } from '../../src/io/hash.ts';
import { collect, inChunks, textBytes } from '../support/bytes.ts';

test('a counter knows the digest and size of what passed by, which passes unchanged', async () => {
  const bytes = textBytes(10_000);
  const counter = new DigestCounter();
  expect(await collect(counted(inChunks(bytes, 7, 999), counter))).toEqual(bytes);
  expect(counter.size).toBe(10_000);
  expect(counter.finish()).toEqual({ digest: digestOf(bytes), size: 10_000 });
});

test('the digest of nothing is the known one', () => {
  expect(digestOf(new Uint8Array(0))).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});
