import { describe, expect, it, test } from 'vitest';
import type { CopyRequest } from '../../../src/build/copy/request.ts';
import { selectSources } from '../../../src/build/copy/select-sources.ts';
import { dir, file, symlink, tree } from '../../support/trees.ts';
import { copied, copyRequest } from './copy-request.ts';

/** Each source on one line: `name` of a file, `[paths]` of a directory. */
function selected(request: Partial<CopyRequest>): string[] {
  return selectSources(copyRequest(request)).map(({ kind, name, paths }) =>
    kind === 'file' ? name : `[${paths.map(({ path }) => path).join(' ')}]`,
  );
}

describe('wildcards (reference, section 11)', () => {
  const source = tree({
    'a.txt': file('a'),
    'b.txt': file('b'),
    '.hidden.txt': file('h'),
    'c.md': file('c'),
    'd.txt/x.txt': file('x'),
    'sub/e.txt': file('e'),
    'sub/deep/f.txt': file('f'),
    'arr[0].txt': file('0'),
    'star*': file('*'),
    '!': file('!'),
    x: file('x'),
  });

  test.each<[text: string, found: string[]]>([
    ['*.txt', ['.hidden.txt', 'a.txt', 'arr[0].txt', 'b.txt', '[x.txt]']],
    ['?.txt', ['a.txt', 'b.txt', '[x.txt]']],
    ['[ab].txt', ['a.txt', 'b.txt']],
    ['[^a].txt', ['b.txt', '[x.txt]']],
    ['[!x]', ['!', 'x']],
    ['sub/*', ['[f.txt]', 'e.txt']],
    ['*/*.txt', ['x.txt', 'e.txt']],
    ['*/*/*.txt', ['f.txt']],
    ['s*/d*/f.txt', ['f.txt']],
    ['sub/../*.md', ['c.md']],
    ['/../*.md', ['c.md']],
    ['**/f.txt', []],
    ['*.nothing', []],
    ['missing/*', []],
    ['a.txt/*', []],
    ['arr[[]0].txt', ['arr[0].txt']],
    ['star[*]', ['star*']],
    ['star\\*', ['star*']],
    ['[z-a]', []],
  ])('%s', (text, found) => {
    expect(selected({ source, sources: [text] })).toEqual(found);
  });

  it('keep the order of the sources', () => {
    expect(selected({ source, sources: ['c.md', '?.txt', 'a.txt'] })).toEqual([
      'c.md',
      'a.txt',
      'b.txt',
      '[x.txt]',
      'a.txt',
    ]);
  });

  it('let a class match a slash, as Go does', () => {
    expect(selected({ source, sources: ['sub[^x]e.txt'] })).toEqual(['e.txt']);
  });

  it('are refused when they are malformed', () => {
    expect(() => selected({ source, sources: ['a[.txt'] })).toThrow(
      expect.objectContaining({ code: 'PLAN_BAD_PATTERN' }),
    );
  });

  it('copy nothing and make nothing when they match nothing', () => {
    expect(copied({ source, sources: ['*.nothing'], to: '/new/' })).toEqual([]);
  });

  it('take a matching directory as one source whose contents are copied', () => {
    const two = tree({ 'bar/a': file('1'), 'baz/b': file('2'), bat: file('3') });
    expect(copied({ source: two, sources: ['ba*'], to: '/x/' })).toEqual([
      'd 755 0:0 x',
      'f 644 0:0 x/a "1"',
      'f 644 0:0 x/b "2"',
      'f 644 0:0 x/bat "3"',
    ]);
  });

  it('do not ask for what cannot match', () => {
    const asked: string[] = [];
    const watched = {
      lookup: source.lookup,
      list: (path: string) => {
        asked.push(path);
        return source.list(path);
      },
    };
    expect(selected({ source: watched, sources: ['?.txt'] })).toHaveLength(3);
    expect(asked).toEqual(['', 'd.txt']);
  });
});

describe('symbolic links in a source path (reference, section 11)', () => {
  const source = tree({
    'real/f': file('x'),
    'real/l': symlink('f'),
    to: symlink('/real'),
    'sub/up': symlink('../real'),
    'to-file': symlink('real/l'),
    outside: symlink('../../../real/f'),
    dangling: symlink('missing'),
    loop: symlink('loop'),
  });

  test.each<[text: string, found: string[]]>([
    ['to-file', ['to-file']],
    ['to', ['[f l]']],
    ['to/f', ['f']],
    ['sub/up/l', ['l']],
    ['sub/up', ['[f l]']],
    ['outside', ['outside']],
    ['to/*', ['f', 'l']],
    ['to-f*', ['to-file']],
  ])('are followed: %s', (text, found) => {
    expect(selected({ source, sources: [text] })).toEqual(found);
  });

  it('copy the file under the name as written', () => {
    expect(copied({ source, sources: ['to-file', 'real/l'] })).toEqual(['f 644 0:0 l "x"', 'f 644 0:0 to-file "x"']);
  });

  it('are copied as links when they are met in a directory', () => {
    expect(copied({ source, sources: ['real'] })).toEqual(['f 644 0:0 f "x"', 'l 777 0:0 l -> f']);
  });

  it.each([
    ['dangling', 'STEP_COPY_SOURCE_NOT_FOUND'],
    ['d*', 'STEP_COPY_SOURCE_NOT_FOUND'],
    ['loop', 'STEP_COPY_LINK_LOOP'],
  ])('that lead nowhere are refused: %s', (text, code) => {
    expect(() => selected({ source, sources: [text] })).toThrow(expect.objectContaining({ code }));
  });
});

describe('a missing source (reference, section 11)', () => {
  const source = tree({ 'src/index.ts': file(''), 'package.json': file('') });

  test.each([
    ['package.jsn', 'did you mean "package.json"?'],
    ['./scr/index.ts', 'did you mean "src/index.ts"?'],
    ['/src/idnex.ts', 'did you mean "src/index.ts"?'],
    ['package.json/x', 'paths are looked up from the root of the build context, or of what --from names'],
    ['totally-different', 'paths are looked up from the root of the build context, or of what --from names'],
  ])('%s is named with the hint: %s', (text, hint) => {
    expect(() => selected({ source, sources: [text] })).toThrow(
      expect.objectContaining({
        code: 'STEP_COPY_SOURCE_NOT_FOUND',
        message: `source ${JSON.stringify(text)} not found`,
        hint,
      }),
    );
  });

  it('that the ignore file excludes is said to be excluded (section 13)', () => {
    const isIgnored = (path: string) => path === 'dist/x';
    expect(() => selected({ source, sources: ['./dist/x'], isIgnored })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('the ignore file excludes it') }),
    );
  });
});

describe('--exclude (reference, section 11)', () => {
  const source = tree({
    'src/a.ts': file(''),
    'src/a.test.ts': file(''),
    'src/sub/b.test.ts': file(''),
    'src/sub/b.ts': file(''),
    'src/out/x/y': file(''),
    'src/out/z': file(''),
    'src/empty': dir(),
    'readme.md': file(''),
  });

  test.each<[exclude: string[], paths: string]>([
    [['*.test.ts'], '[a.ts empty out out/x out/x/y out/z sub sub/b.test.ts sub/b.ts]'],
    [['**/*.test.ts'], '[a.ts empty out out/x out/x/y out/z sub sub/b.ts]'],
    [['out', 'empty', '**/*.ts'], '[sub]'],
    [['out', '!out/x'], '[a.test.ts a.ts empty out out/x out/x/y sub sub/b.test.ts sub/b.ts]'],
    [['*', '!*/z'], '[out out/z]'],
    [['src'], '[a.test.ts a.ts empty out out/x out/x/y out/z sub sub/b.test.ts sub/b.ts]'],
  ])('%j is relative to the source directory', (exclude, paths) => {
    expect(selected({ source, sources: ['src'], exclude })).toEqual([paths]);
  });

  it('acts inside directories that a wildcard matches, not on files that it matches', () => {
    expect(selected({ source, sources: ['*'], exclude: ['*.md', '*.ts', 'out', 'empty'] })).toEqual([
      'readme.md',
      '[sub sub/b.test.ts sub/b.ts]',
    ]);
  });
});

describe('--parents (reference, section 11)', () => {
  const source = tree({
    a: dir({ mode: 0o711, uid: 4, mtime: 6 }),
    'a/b.txt': file('b'),
    'a/c/d.txt': file('d'),
    'a/c/e.md': file('e'),
    'a/empty': dir(),
    'x/y/z.txt': file('z'),
    'l.txt': symlink('a/b.txt'),
    to: symlink('a'),
  });
  const parents = (text: string, more: Partial<CopyRequest> = {}) =>
    selected({ source, sources: [text], parents: true, ...more });

  test.each<[text: string, found: string[]]>([
    ['a/b.txt', ['[a a/b.txt]']],
    ['./a/b.txt', ['[a a/b.txt]']],
    ['/a/c/', ['[a a/c a/c/d.txt a/c/e.md]']],
    ['a/./c/d.txt', ['[c c/d.txt]']],
    ['to/./c/d.txt', ['[c c/d.txt]']],
    ['/./x/y', ['[x x/y x/y/z.txt]']],
    ['x/y/./', ['[z.txt]']],
    ['*/*.txt', ['[a a/b.txt]']],
    ['**/*.txt', ['[a a/b.txt a/c a/c/d.txt l.txt x x/y x/y/z.txt]']],
    ['a/**/*.md', ['[a a/c a/c/e.md]']],
    ['*/./**/*.txt', ['[b.txt c c/d.txt]', '[b.txt c c/d.txt]', '[y y/z.txt]']],
    ['a/empty', ['[a a/empty]']],
    ['**/*.nothing', []],
    ['l.txt', ['[l.txt]']],
  ])('%s', (text, found) => {
    const usable = text.startsWith('*/./')
      ? tree({ 'a/b.txt': file(), 'a/c/d.txt': file(), to: symlink('a'), 'x/y/z.txt': file() })
      : source;
    expect(parents(text, { source: usable })).toEqual(found);
  });

  it('takes . for everything', () => {
    expect(parents('.', { source: tree({ 'a/b': file(), c: dir() }) })).toEqual(['[a a/b c]']);
  });

  it('follows links on the way of a plain path, which becomes directories', () => {
    const linked = tree({ 'real/d/f': file(), 'real/g': file(), l: symlink('real'), 'real/up': symlink('d') });
    expect(parents('l/d/f', { source: linked })).toEqual(['[l l/d l/d/f]']);
    expect(parents('l/up', { source: linked, exclude: ['l/up/g'] })).toEqual(['[l l/up l/up/f]']);
    expect(parents('real/./up/f', { source: linked })).toEqual(['[up up/f]']);
    expect(() => parents('l/missing', { source: linked })).toThrow(
      expect.objectContaining({ code: 'STEP_COPY_SOURCE_NOT_FOUND' }),
    );
  });

  it('gives parents the attributes of the source, in an existing directory too', () => {
    const destination = tree({ 'd/a': dir({ mode: 0o700 }) });
    expect(copied({ source, destination, sources: ['a/b.txt'], to: '/d', parents: true })).toEqual([
      'd 755 0:0 d',
      'd 711 4:0 d/a',
      'f 644 0:0 d/a/b.txt "b"',
    ]);
  });

  it.each(['a/missing', 'a/./missing', 'missing/./b', 'a/b.txt/x'])('refuses %s, which is missing', (text) => {
    expect(() => parents(text)).toThrow(expect.objectContaining({ code: 'STEP_COPY_SOURCE_NOT_FOUND' }));
  });

  it('lets --exclude count from the pivot', () => {
    expect(parents('a/./**', { exclude: ['c/*.md', 'empty'] })).toEqual(['[b.txt c c/d.txt]']);
    expect(parents('a/b.txt', { exclude: ['a'] })).toEqual([]);
  });

  it('copies nothing and makes nothing when a wildcard matches nothing', () => {
    expect(copied({ source, sources: ['**/*.nothing'], to: '/new/', parents: true })).toEqual([]);
  });
});
