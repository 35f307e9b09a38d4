import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  baseName,
  cleanPath,
  compareBytes,
  compareTreePaths,
  joinPath,
  parentPath,
  treePath,
} from '../../src/core/paths.ts';

const roughPath = fc
  .array(fc.constantFrom('/', '.', '..', 'a', 'b.c', '...', ' '), { maxLength: 12 })
  .map((p) => p.join(''));
const name = fc
  .oneof(
    fc.constantFrom('a', 'a.b', 'a-', 'b', 'Z', ' ', 'ä', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{1f600}'),
    fc.string({ unit: 'binary', minLength: 1 }),
  )
  .filter((text) => !text.includes('/'));
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));

describe('cleanPath', () => {
  test.each([
    ['', '.'],
    ['.', '.'],
    ['./', '.'],
    ['/', '/'],
    ['//', '/'],
    ['/.', '/'],
    ['/..', '/'],
    ['/../..', '/'],
    ['..', '..'],
    ['../..', '../..'],
    ['../a', '../a'],
    ['a/..', '.'],
    ['a/../..', '..'],
    ['a/../../b', '../b'],
    ['/a/../../b', '/b'],
    ['a//b', 'a/b'],
    ['a/./b/.', 'a/b'],
    ['a/b/', 'a/b'],
    ['./a', 'a'],
    ['...', '...'],
    ['.a/..b', '.a/..b'],
    ['a\\b', 'a\\b'],
  ])('cleans %j to %j', (dirty, clean) => {
    expect(cleanPath(dirty)).toBe(clean);
  });

  it('leaves a clean path alone', () => {
    fc.assert(fc.property(roughPath, (dirty) => void expect(cleanPath(cleanPath(dirty))).toBe(cleanPath(dirty))));
  });
});

describe('treePath', () => {
  test.each([
    ['', ''],
    ['/', ''],
    ['..', ''],
    ['../../etc/passwd', 'etc/passwd'],
    ['/a/b/', 'a/b'],
    ['a/./b', 'a/b'],
  ])('names %j as %j below the root', (written, expected) => {
    expect(treePath(written)).toBe(expected);
  });

  it('never leaves the root', () => {
    fc.assert(
      fc.property(roughPath, (dirty) => {
        const parts = treePath(dirty).split('/');
        expect(treePath(dirty) === '' || parts.every((part) => !['', '.', '..'].includes(part))).toBe(true);
      }),
    );
  });
});

describe('joinPath, parentPath and baseName', () => {
  it('take a path apart and put it together again', () => {
    expect(parentPath('a')).toBe('');
    expect(baseName('a')).toBe('a');
    expect(joinPath('', 'a')).toBe('a');
    fc.assert(fc.property(path, (whole) => void expect(joinPath(parentPath(whole), baseName(whole))).toBe(whole)));
  });
});

describe('compareBytes', () => {
  it('orders as the bytes of UTF-8 do', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 1000 },
    );
  });

  it('puts the last of the basic plane before the first beyond it', () => {
    expect(compareBytes('\u{ffff}', '\u{10000}')).toBeLessThan(0);
    expect(compareBytes('\u{10000}', '\u{ffff}')).toBeGreaterThan(0);
    expect(compareBytes('\u{1f600}', '\u{1f601}')).toBeLessThan(0);
  });
});

describe('compareTreePaths', () => {
  it('puts a directory before its content and all of that before the next sibling', () => {
    const sorted = ['a', 'a/b', 'a/b/c', 'a/c', 'a-b', 'a.txt', 'b'];
    expect(['b', 'a.txt', 'a/c', 'a-b', 'a', 'a/b/c', 'a/b'].sort(compareTreePaths)).toEqual(sorted);
  });

  it('orders as a depth-first walk with names in byte order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 12 }), (paths) => {
        expect([...paths].sort(compareTreePaths)).toEqual(depthFirst(paths));
      }),
    );
  });
});

/** The paths as a walk of the tree that they name finds them. */
function depthFirst(paths: readonly string[], prefix = ''): string[] {
  const below = paths.filter((each) => each.startsWith(prefix));
  const names = [...new Set(below.map((each) => each.slice(prefix.length).split('/')[0] ?? ''))];
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return names.flatMap((each) => [
    ...paths.filter((whole) => whole === prefix + each),
    ...depthFirst(paths, `${prefix}${each}/`),
  ]);
}
