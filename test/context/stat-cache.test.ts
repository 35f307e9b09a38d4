import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import type { FileIdentity } from '../../src/context/file-identity.ts';
import { openStatCache } from '../../src/context/stat-cache.ts';
import { toDigest } from '../../src/core/digest.ts';
import { tempDir } from '../support/temp-dir.ts';

const IDENTITY: FileIdentity = {
  dev: 1,
  ino: 2,
  size: 3,
  mode: 0o100644,
  mtime: 10,
  mtimeNanoseconds: 0,
  ctime: 20,
  ctimeNanoseconds: 0,
};
/** Numbers that do not fit into 32 bits, or into 53, and a time before 1970. */
const LARGE: FileIdentity = {
  dev: 2 ** 40 + 1,
  ino: 2n ** 63n + 1n,
  size: 2 ** 35 + 1,
  mode: 0o100644,
  mtime: -1,
  mtimeNanoseconds: 999_999_995,
  ctime: 2 ** 33,
  ctimeNanoseconds: 1,
};
const DIGEST = toDigest('ab'.repeat(32));
const LATER = 1e14;
const DAY = 24 * 60 * 60 * 1000;

function savedCache(): string {
  const file = join(tempDir(), 'sub/stat-cache');
  const cache = openStatCache(file, () => 0);
  cache.set('/ä/b', { identity: IDENTITY, digest: DIGEST, hashedAtMs: LATER });
  cache.set('/c', { identity: LARGE, digest: DIGEST, hashedAtMs: LATER });
  cache.save();
  return file;
}

describe('openStatCache', () => {
  it('remembers digests over processes', () => {
    const cache = openStatCache(savedCache(), () => 0);
    expect(cache.get('/ä/b', IDENTITY)).toBe(DIGEST);
    expect(cache.get('/c', LARGE)).toBe(DIGEST);
    expect(cache.get('/missing', IDENTITY)).toBeUndefined();
  });

  test.each(Object.keys(IDENTITY) as (keyof FileIdentity)[])('forgets a file whose %s changed', (field) => {
    const cache = openStatCache(savedCache(), () => 0);
    for (const [path, identity] of [
      ['/ä/b', IDENTITY],
      ['/c', LARGE],
    ] as const) {
      const value = identity[field];
      const others = typeof value === 'bigint' ? [value + 1n, value - 2n ** 62n] : [value + 1, value - 1];
      for (const other of others) expect(cache.get(path, { ...identity, [field]: other })).toBeUndefined();
    }
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
    const identity = { ...IDENTITY, mtimeNanoseconds: 500_000, ctimeNanoseconds: 500_000 };
    cache.set('/a', { identity, digest: DIGEST, hashedAtMs });
    expect(cache.get('/a', identity)).toBe(expected);
  });

  it('is racy by the later of both times', () => {
    const cache = openStatCache(join(tempDir(), 'c'), () => 0);
    const identity = { ...IDENTITY, mtime: 30 };
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
    cache.setBlob({ id, size: 3 }, DIGEST);
    cache.save();
    const later = openStatCache(file, () => 0);
    expect(later.getBlob({ id, size: 3 })).toBe(DIGEST);
    expect(later.getBlob({ id, size: 4 })).toBeUndefined();
    expect(later.getBlob({ id: 'ef'.repeat(20), size: 3 })).toBeUndefined();
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
    expect(cache.get('/c', LARGE)).toBeUndefined();
  });

  it('knows after it was saved what it knew before, and what others have saved since', () => {
    const file = savedCache();
    const cache = openStatCache(file, () => 0);
    cache.set('/a', { identity: IDENTITY, digest: DIGEST, hashedAtMs: LATER });
    cache.save();
    const other = openStatCache(file, () => 0);
    other.set('/b', { identity: IDENTITY, digest: DIGEST, hashedAtMs: LATER });
    other.save();
    expect(['/a', '/b', '/ä/b'].map((path) => cache.get(path, IDENTITY))).toEqual([DIGEST, DIGEST, DIGEST]);
    cache.save();
    expect(cache.get('/c', LARGE)).toBe(DIGEST);
  });

  it('gives up silently where it cannot write', () => {
    const root = tempDir({ file: '' });
    const cache = openStatCache(join(root, 'file/stat-cache'), () => 0);
    cache.set('/a', { identity: IDENTITY, digest: DIGEST, hashedAtMs: LATER });
    expect(() => cache.save()).not.toThrow();
  });
});
