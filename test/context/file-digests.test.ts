import { describe, expect, it } from 'vitest';
import { FileDigests } from '../../src/context/file-digests.ts';
import { toDigest } from '../../src/core/digest.ts';

describe('FileDigests', () => {
  it('knows the digest of each of many files while more are added', () => {
    const files = Array.from({ length: 1500 }, (_, i) => [`/f${i}`, toDigest(`${i}`.padStart(64, '0'))] as const);
    const digests = new FileDigests();
    for (const [path, digest] of files) {
      expect(digests.has(path)).toBe(false);
      digests.add(path, digest);
      expect(digests.get(path)).toBe(digest);
    }
    expect(files.map(([path]) => digests.get(path))).toEqual(files.map(([, digest]) => digest));
    expect(digests.get('/other')).toBeUndefined();
  });

  it('keeps the first digest that is told of a file', () => {
    const digests = new FileDigests();
    digests.add('/a', toDigest('aa'.repeat(32)));
    digests.add('/b', toDigest('bb'.repeat(32)));
    digests.add('/a', toDigest('cc'.repeat(32)));
    expect(['/a', '/b'].map((path) => digests.get(path))).toEqual(
      ['aa', 'bb'].map((byte) => toDigest(byte.repeat(32))),
    );
  });
});
