import { describe, expect, it, test } from 'vitest';
import { device, dir, fifo, file, symlink, tree } from '../../support/trees.ts';
import { copied, copy, STEP_TIME } from './copy-request.ts';

describe('a file source (reference, section 11)', () => {
  const source = tree({ 'dir/f': file('x') });
  const destination = tree({
    'etc/conf': file('old'),
    'var/lib': dir({ mode: 0o700, uid: 5, gid: 6 }),
    conf: file('old'),
  });

  test.each<[to: string, entries: string[]]>([
    ['/name', ['f 644 0:0 name "x"']],
    ['/conf', ['f 644 0:0 conf "x"']],
    ['/etc', ['d 755 0:0 etc', 'f 644 0:0 etc/f "x"']],
    ['/etc/', ['d 755 0:0 etc', 'f 644 0:0 etc/f "x"']],
    ['/etc/conf', ['d 755 0:0 etc', 'f 644 0:0 etc/conf "x"']],
    ['/new/', ['d 755 0:0 new', 'f 644 0:0 new/f "x"']],
    ['/new/.', ['d 755 0:0 new', 'f 644 0:0 new/f "x"']],
    ['/a/b/c', ['d 755 0:0 a', 'd 755 0:0 a/b', 'f 644 0:0 a/b/c "x"']],
    ['/', ['f 644 0:0 f "x"']],
    ['/.', ['f 644 0:0 f "x"']],
    ['/a/../b', ['f 644 0:0 b "x"']],
    ['/../../b', ['f 644 0:0 b "x"']],
    ['/var/lib/x', ['d 755 0:0 var', 'd 700 5:6 var/lib', 'f 644 0:0 var/lib/x "x"']],
  ])('goes to %s', (to, entries) => {
    expect(copied({ source, destination, sources: ['dir/f'], to })).toEqual(entries);
  });

  test.each(['dir/f', './dir/f', '/dir/f', '../dir/f', 'dir/../dir//f', 'dir/f/', 'dir/./f'])(
    'is named by %s',
    (text) => {
      expect(copied({ source, sources: [text], to: '/x/' })).toEqual(['d 755 0:0 x', 'f 644 0:0 x/f "x"']);
    },
  );

  it('replaces the last of several sources when the destination is no directory', () => {
    expect(copied({ source: tree({ a: file('1'), b: file('2') }), sources: ['a', 'b'], to: '/c' })).toEqual([
      'f 644 0:0 c "2"',
    ]);
  });

  it('keeps its time, and what is made carries the time of the step', () => {
    const timed = tree({ f: file('x', { mtime: 7, mtimeNanoseconds: 8 }) });
    const { entries } = copy({ source: timed, sources: ['f'], to: '/new/' });
    expect(entries).toMatchObject([{ mtime: STEP_TIME }, { mtime: 7, mtimeNanoseconds: 8 }]);
  });

  it('carries content and digest along, and no source when it is empty', () => {
    const node = file('x');
    const { entries } = copy({ source: tree({ a: node, b: file('') }), sources: ['a', 'b'], to: '/' });
    expect(entries[0]).toMatchObject({ size: 1, source: node.source, digest: node.digest });
    expect(entries[1]).not.toHaveProperty('source');
  });

  it('replaces a symbolic link of its name in the destination directory', () => {
    const links = tree({ 'd/f': symlink('/elsewhere') });
    expect(copied({ source: tree({ f: file('x') }), destination: links, sources: ['f'], to: '/d/' })).toEqual([
      'd 755 0:0 d',
      'f 644 0:0 d/f "x"',
    ]);
  });
});

describe('a directory source (reference, section 11)', () => {
  const source = tree({
    'src/a': file('1', { mode: 0o4755 }),
    'src/sub': dir({ mode: 0o711, uid: 3, gid: 4, mtime: 8 }),
    'src/sub/b': file('2', { uid: 3, gid: 4 }),
  });

  it.each(['/app', '/app/', '/app/.'])('gives its contents to a new %s, made 0755', (to) => {
    expect(copied({ source, sources: ['src'], to })).toEqual([
      'd 755 0:0 app',
      'f 4755 0:0 app/a "1"',
      'd 711 3:4 app/sub',
      'f 644 3:4 app/sub/b "2"',
    ]);
  });

  it('leaves an existing destination directory as it is, and gives its own attributes to those below', () => {
    const destination = tree({ app: dir({ mode: 0o500, uid: 9, gid: 9, mtime: 5 }), 'app/sub': dir({ mode: 0o700 }) });
    const { entries } = copy({ source, destination, sources: ['src'], to: '/app' });
    expect(entries).toMatchObject([
      { path: 'app', mode: 0o500, uid: 9, gid: 9, mtime: 5 },
      { path: 'app/a' },
      { path: 'app/sub', mode: 0o711, uid: 3, gid: 4, mtime: 8 },
      { path: 'app/sub/b' },
    ]);
  });

  it('copies the whole context by . into the root', () => {
    expect(copied({ source, sources: ['.'], to: '/' })).toEqual([
      'd 755 0:0 src',
      'f 4755 0:0 src/a "1"',
      'd 711 3:4 src/sub',
      'f 644 3:4 src/sub/b "2"',
    ]);
  });

  it('makes the destination even when there is nothing to copy', () => {
    const empty = tree({ e: dir({ mode: 0o700 }) });
    expect(copied({ source: empty, sources: ['e'], to: '/x/y' })).toEqual(['d 755 0:0 x', 'd 755 0:0 x/y']);
    expect(copied({ source: empty, destination: tree({ x: dir() }), sources: ['e'], to: '/x' })).toEqual([]);
  });

  it('copies links, devices and fifos as they are', () => {
    const special = tree({
      'd/b': device('block', 8, 1),
      'd/c': device('character', 1, 3),
      'd/l': symlink('../nowhere', { uid: 1 }),
      'd/p': fifo(),
    });
    expect(copied({ source: special, sources: ['d'], to: '/', chmod: '644' })).toEqual([
      'b 644 0:0 b 8,1',
      'c 644 0:0 c 1,3',
      'l 777 1:0 l -> ../nowhere',
      'p 644 0:0 p',
    ]);
  });

  it('replaces files and links that are met on the way', () => {
    const destination = tree({ 'app/a': symlink('/etc'), 'app/sub/b': file('old') });
    expect(copied({ source, destination, sources: ['src'], to: '/app' })).toContain('f 4755 0:0 app/a "1"');
  });

  it('emits what is equal to what is there', () => {
    const destination = tree({ 'app/a': file('1', { mode: 0o4755 }) });
    expect(copied({ source, destination, sources: ['src'], to: '/app' })).toHaveLength(4);
  });

  it('is overwritten by later sources', () => {
    const two = tree({ 'x/f': file('1'), 'x/g': file('1'), 'y/f': file('2') });
    expect(copied({ source: two, sources: ['x', 'y'], to: '/' })).toEqual(['f 644 0:0 f "2"', 'f 644 0:0 g "1"']);
  });
});

describe('hard links (reference, section 11)', () => {
  const shared = file('x', { mode: 0o600 });

  it('are kept within one source', () => {
    const source = tree({ 's/a': shared, 's/b/c': shared, 's/d': file('x') });
    expect(copied({ source, sources: ['s'], to: '/to' })).toEqual([
      'd 755 0:0 to',
      'f 600 0:0 to/a "x"',
      'd 755 0:0 to/b',
      'h 600 0:0 to/b/c => to/a',
      'f 644 0:0 to/d "x"',
    ]);
  });

  it('are not made between sources', () => {
    const source = tree({ 's/a': shared, 't/b': shared, c: shared });
    expect(copied({ source, sources: ['s', 't', 'c'], to: '/' })).toEqual([
      'f 600 0:0 a "x"',
      'f 600 0:0 b "x"',
      'f 600 0:0 c "x"',
    ]);
  });

  it('lead to the first name that is left when a later source replaces one', () => {
    const source = tree({ 's/a': shared, 's/b': shared, 's/c': shared, 't/a': file('new') });
    expect(copied({ source, sources: ['s', 't'], to: '/' })).toEqual([
      'f 644 0:0 a "new"',
      'f 600 0:0 b "x"',
      'h 600 0:0 c => b',
    ]);
  });

  it('have neither size nor content', () => {
    const source = tree({ 's/a': shared, 's/b': shared });
    const link = copy({ source, sources: ['s'], to: '/' }).entries[1];
    expect(link).toMatchObject({ type: 'hardlink', size: 0 });
    expect(link).not.toHaveProperty('source');
    expect(link).not.toHaveProperty('digest');
  });
});

describe('symbolic links in the destination (reference, section 11)', () => {
  const source = tree({ f: file('x'), 'd/g': file('y') });
  const destination = tree({
    'real/dir': dir({ mode: 0o700 }),
    'real/file': file('old'),
    absolute: symlink('/real/dir'),
    relative: symlink('real/dir'),
    'real/up': symlink('../../../real/dir'),
    dangling: symlink('/not/yet'),
    chain: symlink('relative'),
    'to-file': symlink('real/file'),
    loop: symlink('pool'),
    pool: symlink('loop'),
  });

  test.each<[to: string, last: string]>([
    ['/absolute', 'f 644 0:0 real/dir/f "x"'],
    ['/absolute/', 'f 644 0:0 real/dir/f "x"'],
    ['/relative/n', 'f 644 0:0 real/dir/n "x"'],
    ['/real/up', 'f 644 0:0 real/dir/f "x"'],
    ['/chain/n/m', 'f 644 0:0 real/dir/n/m "x"'],
    ['/dangling', 'f 644 0:0 not/yet "x"'],
    ['/dangling/', 'f 644 0:0 not/yet/f "x"'],
    ['/dangling/n', 'f 644 0:0 not/yet/n "x"'],
    ['/to-file', 'f 644 0:0 real/file "x"'],
    ['/relative/../n', 'f 644 0:0 n "x"'],
  ])('are followed: a file to %s', (to, last) => {
    expect(copied({ source, destination, sources: ['f'], to }).at(-1)).toBe(last);
  });

  it('are followed by directories, ancestors included with what they are', () => {
    expect(copied({ source, destination, sources: ['d'], to: '/chain' })).toEqual([
      'd 755 0:0 real',
      'd 700 0:0 real/dir',
      'f 644 0:0 real/dir/g "y"',
    ]);
  });

  it('are refused when they form a circle', () => {
    for (const to of ['/loop', '/loop/x', '/pool/']) {
      expect(() => copy({ source, destination, sources: ['f'], to })).toThrow(
        expect.objectContaining({
          code: 'STEP_COPY_LINK_LOOP',
          message: expect.stringContaining(to.replace(/\/$/, '')),
        }),
      );
    }
  });
});

describe('conflicts (reference, section 11)', () => {
  const source = tree({ f: file('x'), 'd/n': file('y'), 'e/n/m': file('z') });
  const destination = tree({
    file: file(''),
    'dir/n': dir(),
    'other/n': file(''),
    'linked/n': symlink('/dir'),
    'dir/f/x': dir(),
  });

  test.each<[text: string, to: string, code: string, message: string]>([
    ['f', '/file/', 'NOT_A_DIRECTORY', 'cannot copy into "/file": it is not a directory'],
    ['f', '/file/x', 'NOT_A_DIRECTORY', 'cannot copy into "/file": it is not a directory'],
    ['f', '/file/x/y/', 'NOT_A_DIRECTORY', 'cannot copy into "/file": it is not a directory'],
    ['d', '/file/x', 'NOT_A_DIRECTORY', 'cannot copy into "/file": it is not a directory'],
    ['f', '/dir', 'ONTO_DIRECTORY', 'cannot replace to directory "/dir/f" with a file'],
    ['d', '/dir', 'ONTO_DIRECTORY', 'cannot replace to directory "/dir/n" with a file'],
    ['d', '/file', 'ONTO_NON_DIRECTORY', 'cannot copy to non-directory "/file"'],
    ['e', '/other', 'ONTO_NON_DIRECTORY', 'cannot copy to non-directory "/other/n"'],
    ['e', '/linked', 'ONTO_NON_DIRECTORY', 'cannot copy to non-directory "/linked/n"'],
  ])('%s to %s is refused: %s', (text, to, code, message) => {
    expect(() => copy({ source, destination, sources: [text], to })).toThrow(
      expect.objectContaining({ code: `STEP_COPY_${code}`, message, hint: expect.any(String) }),
    );
  });

  it('between sources of one instruction are refused as well', () => {
    expect(() => copy({ source, sources: ['e', 'd'], to: '/x' })).toThrow(
      expect.objectContaining({ code: 'STEP_COPY_ONTO_DIRECTORY' }),
    );
  });
});

describe('--chown and --chmod (reference, section 11)', () => {
  const source = tree({ 's/a': file('x', { mode: 0o600, uid: 1, gid: 1 }), 's/d/b': symlink('a') });
  const destination = tree({ 'opt/x': dir({ uid: 7 }) });

  it('--chown counts for what is copied and made, not for directories that exist', () => {
    expect(copied({ source, destination, sources: ['s'], to: '/opt/new', chown: { uid: 2, gid: 3 } })).toEqual([
      'd 755 0:0 opt',
      'd 755 2:3 opt/new',
      'f 600 2:3 opt/new/a "x"',
      'd 755 2:3 opt/new/d',
      'l 777 2:3 opt/new/d/b -> a',
    ]);
  });

  it('octal --chmod counts for what is copied and made, not for symbolic links', () => {
    expect(copied({ source, destination, sources: ['s'], to: '/opt/new/er', chmod: '1750' })).toEqual([
      'd 755 0:0 opt',
      'd 1750 0:0 opt/new',
      'd 1750 0:0 opt/new/er',
      'f 1750 1:1 opt/new/er/a "x"',
      'd 1750 0:0 opt/new/er/d',
      'l 777 0:0 opt/new/er/d/b -> a',
    ]);
  });

  it('symbolic --chmod changes the mode of each entry and leaves made directories 0755', () => {
    expect(copied({ source, sources: ['s'], to: '/new', chmod: 'go=u,a+X' })).toEqual([
      'd 755 0:0 new',
      'f 666 1:1 new/a "x"',
      'd 777 0:0 new/d',
      'l 777 0:0 new/d/b -> a',
    ]);
  });

  it('a bad --chmod is refused', () => {
    expect(() => copy({ source, sources: ['s'], chmod: '9' })).toThrow(
      expect.objectContaining({ code: 'PLAN_BAD_CHMOD' }),
    );
  });
});

describe('--link (reference, section 11)', () => {
  const source = tree({ f: file('x') });
  const destination = tree({ real: dir({ mode: 0o700 }), link: symlink('real'), file: file('old'), dir: dir() });

  it('builds a layer without what is below it', () => {
    const request = { source, destination, sources: ['f'], link: true };
    expect(copied({ ...request, to: '/link/' })).toEqual(['d 755 0:0 link', 'f 644 0:0 link/f "x"']);
    expect(copied({ ...request, to: '/file/x' })).toEqual(['d 755 0:0 file', 'f 644 0:0 file/x "x"']);
    expect(copied({ ...request, to: '/dir' })).toEqual(['f 644 0:0 dir "x"']);
    expect(copied({ ...request, to: '/real/x' })).toEqual(['d 755 0:0 real', 'f 644 0:0 real/x "x"']);
  });

  it('counts for nothing with --chmod', () => {
    expect(copied({ source, destination, sources: ['f'], link: true, to: '/link/', chmod: '600' })).toEqual([
      'd 700 0:0 real',
      'f 600 0:0 real/f "x"',
    ]);
  });
});

describe('here-documents (reference, section 5)', () => {
  const inlineFiles = [
    { name: 'a', content: '1\n' },
    { name: 'b', content: '' },
  ];

  it('are files of root, mode 0644, of the time of the step', () => {
    expect(copied({ inlineFiles, to: '/d/' })).toEqual(['d 755 0:0 d', 'f 644 0:0 d/a "1\\n"', 'f 644 0:0 d/b']);
    expect(copy({ inlineFiles, to: '/d/' }).entries.map(({ mtime }) => mtime)).toEqual([99, 99, 99]);
  });

  it('come after the sources, and the last of a name wins', () => {
    const twice = [...inlineFiles, { name: 'a', content: '2' }];
    const source = tree({ a: file('0') });
    expect(copied({ source, sources: ['a'], inlineFiles: twice, to: '/d/' })[1]).toBe('f 644 0:0 d/a "2"');
  });

  it('obey --chown and --chmod', () => {
    expect(copied({ inlineFiles, to: '/x', chown: { uid: 1, gid: 2 }, chmod: 'a+x' })).toEqual(['f 755 1:2 x']);
  });
});

describe('extended attributes (design 5)', () => {
  it('are left out, but for security.capability', () => {
    const xattrs = { 'security.capability': 'AQAAAg==', 'user.x': 'eA==' };
    const source = tree({ a: file('x', { xattrs }), b: file('x', { xattrs: { 'user.x': 'eA==' } }) });
    const { entries } = copy({ source, sources: ['a', 'b'] });
    expect(entries[0]?.xattrs).toEqual({ 'security.capability': 'AQAAAg==' });
    expect(entries[1]).not.toHaveProperty('xattrs');
  });
});
