import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { compileIgnore, readIgnoreFile } from '../../src/core/ignore.ts';
import { parentPath } from '../../src/core/paths.ts';
import { corpusDir } from '../support/corpus.ts';

describe('readIgnoreFile (reference, section 13)', () => {
  it('drops the BOM, comments and blank lines, and trims', () => {
    const text = '\uFEFF# comment\n\n  \t\n  node_modules \n  # not a comment\r\n#another\r\n*.log\r\n';
    expect(readIgnoreFile(text)).toEqual(['node_modules', '# not a comment', '*.log']);
  });

  it('cleans paths and takes one leading slash away', () => {
    expect(readIgnoreFile('./a/../b\n/c/\n//d\n!/e/./f/\n! g \n')).toEqual(['b', 'c', 'd', '!e/f', '!g']);
  });

  it('keeps a lone ! for the compiler to refuse', () => {
    expect(readIgnoreFile('!\n')).toEqual(['!']);
    expect(() => compileIgnore(['!'])).toThrow(expect.objectContaining({ code: 'PLAN_BAD_PATTERN' }));
  });
});

describe('compileIgnore (reference, section 13)', () => {
  test.each<[patterns: string[], path: string, ignored: boolean]>([
    [['foo'], 'foo', true],
    [['foo'], 'foo/bar/baz', true],
    [['foo'], 'dir/foo', false],
    [['foo'], 'FOO', false],
    [['**/foo'], 'dir/foo/x', true],
    [['**/foo'], 'dir/afoo', false],
    [['**foo'], 'dir/afoo', true],
    [['a/**'], 'a', false],
    [['a/**'], 'a/b', true],
    [['a/**/b'], 'a/b', true],
    [['a/**/b'], 'a/x/y/b', true],
    [['a/**/b'], 'a/xb', false],
    [['a**'], 'abc/d', true],
    [['*'], 'a/b', true],
    [['*/*'], 'a', false],
    [['?'], 'é', true],
    [['[^a]'], 'b', true],
    [['a+b(c){d}|e^$.'], 'a+b(c){d}|e^$.', true],
    [['\\a\\d'], 'ad', true],
    [['[[]'], '[', true],
    [['*', '!a'], 'a', false],
    [['*', '!a'], 'a/b', false],
    [['a', '!a/b'], 'a/b', false],
    [['a', '!a/b'], 'a/c', true],
    [['a', '!a/b', 'a/b/c'], 'a/b/c', true],
    [['!a', 'a'], 'a', true],
    [['a', '!a', 'a'], 'a', true],
    [['a', '!b'], 'a/b', true],
    [['subdir', '!*/sub1*', '!subdir/sub3*'], 'subdir/sub1.txt', false],
    [['subdir', '!*/sub1*', '!subdir/sub3*'], 'subdir/sub2.txt', true],
    [[], 'a', false],
    [['**'], '', false],
    [['.'], 'a', false],
    [['/'], 'a', false],
    [['..'], 'a', false],
  ])('%j, %j: ignored %s', (patterns, path, ignored) => {
    expect(compileIgnore(patterns).ignores(path)).toBe(ignored);
  });

  test.each<[patterns: string[], directory: string, mayKeep: boolean]>([
    [['node_modules'], 'node_modules', false],
    [['*', '!src'], 'node_modules', false],
    [['*', '!package*.json'], 'node_modules', false],
    [['*', '!src/**'], 'node_modules', false],
    [['a', '!a/b'], 'a', true],
    [['a', '!a/b'], 'a/c', false],
    [['a', '!a/b/c'], 'a/b', true],
    [['*', '!*/keep'], 'x', true],
    [['*', '!*/keep'], 'x/y', false],
    [['*', '!**/keep'], 'x/y', true],
    [['*', '!x/[^a]/keep'], 'x/y/z', true],
  ])('%j: something below %j may be kept: %s', (patterns, directory, mayKeep) => {
    expect(compileIgnore(patterns).mayKeepBelow(directory)).toBe(mayKeep);
  });

  const glob = fc.array(fc.constantFrom('a', 'b', '*', '**', '?', '/', '[ab]'), { minLength: 1, maxLength: 6 });
  const line = fc.tuple(fc.boolean(), glob).map(([keeps, parts]) => `${keeps ? '!' : ''}${parts.join('')}`);
  const path = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 2 }), {
    minLength: 1,
    maxLength: 4,
  });

  it('decides as the definition does, in any order of questions', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.array(path, { maxLength: 8 }), (lines, paths) => {
        const usable = readIgnoreFile(lines.join('\n')).filter((pattern) => pattern !== '!');
        const matcher = compileIgnore(usable);
        for (const names of paths) {
          expect(matcher.ignores(names.join('/'))).toBe(ignoredByDefinition(usable, names.join('/')));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never says of a directory that nothing below it is kept when something is', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), path, (lines, names) => {
        const matcher = compileIgnore(readIgnoreFile(lines.join('\n')).filter((pattern) => pattern !== '!'));
        const child = names.join('/');
        const parent = parentPath(child);
        if (parent !== '' && matcher.ignores(parent) && !matcher.ignores(child)) {
          expect(matcher.mayKeepBelow(parent)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  describe.skipIf(corpusDir() === undefined)('corpus table ignore-match', () => {
    for (const entry of readTable()) {
      it(`${JSON.stringify(entry.patterns)} and ${entry.path}: ${entry.badPattern ? 'bad pattern' : entry.match}`, () => {
        const decide = () => compileIgnore(entry.patterns).ignores(entry.path);
        if (entry.badPattern) expect(decide).toThrow(expect.objectContaining({ code: 'PLAN_BAD_PATTERN' }));
        else expect(decide()).toBe(entry.match);
      });
    }
  });
});

interface TableEntry {
  readonly patterns: readonly string[];
  readonly path: string;
  readonly match: boolean;
  readonly badPattern?: boolean;
}

function readTable(): readonly TableEntry[] {
  const dir = corpusDir();
  return dir === undefined ? [] : JSON.parse(readFileSync(join(dir, 'tables/ignore-match.json'), 'utf8')).cases;
}

function ignoredByDefinition(patterns: readonly string[], path: string): boolean {
  let ignored = false;
  for (const pattern of patterns) {
    const keeps = pattern.startsWith('!');
    if (keeps === ignored && matchesPathOrParent(pattern.slice(keeps ? 1 : 0), path)) ignored = !ignored;
  }
  return ignored;
}

function matchesPathOrParent(glob: string, path: string): boolean {
  for (let at = path; at !== ''; at = parentPath(at)) if (matchesByDefinition(glob, at)) return true;
  return false;
}

/** `**` at the end takes everything, before that whole directories; `**name` takes the end of any path. */
function matchesByDefinition(glob: string, path: string): boolean {
  const suffix = /^\*\*(\/?)([^*?[]*)$/.exec(glob);
  if (suffix !== null) return suffix[1] === '/' ? `/${path}`.endsWith(`/${suffix[2]}`) : path.endsWith(suffix[2] ?? '');
  return matchParts(glob.match(/\*\*\/?|\[[^\]]*\]|./gu) ?? [], path);
}

function matchParts(parts: readonly string[], path: string): boolean {
  const [part, ...rest] = parts;
  if (part === undefined) return path === '';
  if (part.startsWith('**')) {
    if (rest.length === 0) return true;
    return (
      Array.from(path, (_, index) => index).some(
        (index) => (index === 0 || path[index - 1] === '/') && matchParts(rest, path.slice(index)),
      ) ||
      (path === '' && matchParts(rest, ''))
    );
  }
  const head = path[0];
  if (part === '*' && matchParts(rest, path)) return true;
  if (head === undefined) return false;
  if (part === '*') return head !== '/' && matchParts(parts, path.slice(1));
  const accepts = part === '?' ? head !== '/' : part.length === 1 ? head === part : new RegExp(part).test(head);
  return accepts && matchParts(rest, path.slice(1));
}
