import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import type { FileIdentity } from '../../src/context/context-node.ts';
import { openStatCache } from '../../src/context/stat-cache.ts';
import { toDigest } from '../../src/core/digest.ts';
import { tempDir } from '../support/temp-dir.ts';

const SECOND = 1_000_000_000n;
const IDENTITY: FileIdentity = {
  dev: 1n,
  ino: 2n,
  size: 3n,
  mode: 0o100644n,
  mtimeNs: 10n * SECOND,
  ctimeNs: 20n * SECOND,
};
const DIGEST = toDigest('ab'.repeat(32));
const LATER = 1_000_000;
const DAY = 24 * 60 * 60 * 1000;

function savedCache(): string {
  const file = join(tempDir(), 'sub/stat-cache');
  const cache = openStatCache(file, () => 0);
  cache.set('/ä/b', { identity: IDENTITY, digest: DIGEST, hashedAtMs: LATER });
  cache.set('/c', { identity: { ...IDENTITY, ino: 2n ** 63n + 1n, mtimeNs: -5n }, digest: DIGEST, hashedAtMs: LATER });
  cache.save();
  return file;
}

describe('openStatCache', () => {
  it('remembers digests over processes', () => {
    const cache = openStatCache(savedCache(), () => 0);
    expect(cache.get('/ä/b', IDENTITY)).toBe(DIGEST);
    expect(cache.get('/c', { ...IDENTITY, ino: 2n ** 63n + 1n, mtimeNs: -5n })).toBe(DIGEST);
    expect(cache.get('/missing', IDENTITY)).toBeUndefined();
  });

  test.each(Object.keys(IDENTITY) as (keyof FileIdentity)[])('forgets a file whose %s changed', (field) => {
    const cache = openStatCache(savedCache(), () => 0);
    expect(cache.get('/ä/b', { ...IDENTITY, [field]: IDENTITY[field] + 1n })).toBeUndefined();
  });

  test.each([
    ['changed one second before', 21_000, undefined],
    ['changed two seconds before', 22_000, undefined],
    ['changed more than two seconds before', 22_001, DIGEST],
    ['dated after', 5_000, undefined],
    ['changed long before, then the clock was put back to before that', 19_000, undefined],
  ])('a file %s it was hashed', (_, hashedAtMs, expected) => {
    const cache = openStatCache(join(tempDir(), 'c'), () => 0);
    cache.set('/a', { identity: IDENTITY, digest: DIGEST, hashedAtMs });
    expect(cache.get('/a', IDENTITY)).toBe(expected);
  });

  test.each([
    ['50 ms before', 20_050, undefined],
    ['more than 50 ms before', 20_051, DIGEST],
  ])('counts a file of a file system with parts of seconds when it changed %s', (_, hashedAtMs, expected) => {
    const cache = openStatCache(join(tempDir(), 'c'), () => 0);
    const identity = { ...IDENTITY, mtimeNs: IDENTITY.mtimeNs + 500_000n, ctimeNs: IDENTITY.ctimeNs + 500_000n };
    cache.set('/a', { identity, digest: DIGEST, hashedAtMs });
    expect(cache.get('/a', identity)).toBe(expected);
  });

  it('is racy by the later of both times', () => {
    const cache = openStatCache(join(tempDir(), 'c'), () => 0);
    const identity = { ...IDENTITY, mtimeNs: 30n * SECOND };
    cache.set('/a', { identity, digest: DIGEST, hashedAtMs: 31_000 });
    expect(cache.get('/a', identity)).toBeUndefined();
  });

  it('ignores a file that is damaged anywhere, or cut', () => {
    const file = savedCache();
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x40, at);
      writeFileSync(file, damaged);
      expect(openStatCache(file, () => 0).get('/ä/b', IDENTITY)).toBeUndefined();
      writeFileSync(file, whole.subarray(0, at));
      expect(openStatCache(file, () => 0).get('/ä/b', IDENTITY)).toBeUndefined();
    }
  });

  it('keeps what builds at the same time wrote, and leaves nothing else behind', () => {
    const dir = tempDir();
    const file = join(dir, 'stat-cache');
    const builds = ['/b', '/a', '/c'].map((path) => {
      const cache = openStatCache(file, () => 0);
      cache.set(path, { identity: IDENTITY, digest: DIGEST, hashedAtMs: LATER });
      return cache;
    });
    for (const cache of builds) cache.save();
    const found = ['/a', '/b', '/c'].map((path) => openStatCache(file, () => 0).get(path, IDENTITY));
    expect(found).toEqual([DIGEST, DIGEST, DIGEST]);
    expect(readdirSync(dir)).toEqual(['stat-cache']);
  });

  it('finds every one of many files, in whatever order they are asked for and were written', () => {
    const paths = Array.from({ length: 500 }, (_, i) => `/${'ä'.repeat(i % 7)}/${(i * 7919) % 500}-${'x'.repeat(i)}`);
    const file = join(tempDir(), 'c');
    const digestOf = (i: number) => toDigest(i.toString(16).padStart(64, '0'));
    for (const part of [0, 1, 2]) {
      const cache = openStatCache(file, () => 0);
      paths.forEach((path, i) => {
        if (i % 3 === part || i % 50 === 0) {
          cache.set(path, { identity: IDENTITY, digest: digestOf(i + part), hashedAtMs: LATER });
        }
      });
      cache.save();
    }
    const cache = openStatCache(file, () => 0);
    const expected = paths.map((_, i) => digestOf(i % 50 === 0 ? i + 2 : i + (i % 3)));
    expect(paths.map((path) => cache.get(path, IDENTITY))).toEqual(expected);
    expect(paths.toReversed().map((path) => cache.get(path, IDENTITY))).toEqual(expected.toReversed());
    expect(paths.map((path) => cache.get(`${path}!`, IDENTITY)).filter(Boolean)).toEqual([]);
  });

  it('remembers blobs of git apart from files of the same name', () => {
    const file = join(tempDir(), 'c');
    const id = 'cd'.repeat(20);
    const cache = openStatCache(file, () => 0);
    cache.setBlob({ id, size: 3n }, DIGEST);
    cache.save();
    const later = openStatCache(file, () => 0);
    expect(later.getBlob({ id, size: 3n })).toBe(DIGEST);
    expect(later.getBlob({ id, size: 4n })).toBeUndefined();
    expect(later.getBlob({ id: 'ef'.repeat(20), size: 3n })).toBeUndefined();
    expect(later.get(id, IDENTITY)).toBeUndefined();
  });

  it('drops what was of no use for 60 days, at the next save', () => {
    const file = savedCache();
    const used = openStatCache(file, () => 59 * DAY);
    used.get('/ä/b', IDENTITY);
    used.set('/new', { identity: IDENTITY, digest: DIGEST, hashedAtMs: LATER });
    used.save();
    const later = openStatCache(file, () => 61 * DAY);
    later.set('/newer', { identity: IDENTITY, digest: DIGEST, hashedAtMs: LATER });
    later.save();
    const cache = openStatCache(file, () => 61 * DAY);
    expect(cache.get('/ä/b', IDENTITY)).toBe(DIGEST);
    expect(cache.get('/c', { ...IDENTITY, ino: 2n ** 63n + 1n, mtimeNs: -5n })).toBeUndefined();
  });

  it('gives up silently where it cannot write', () => {
    const root = tempDir({ file: '' });
    const cache = openStatCache(join(root, 'file/stat-cache'), () => 0);
    cache.set('/a', { identity: IDENTITY, digest: DIGEST, hashedAtMs: LATER });
    expect(() => cache.save()).not.toThrow();
  });
});
