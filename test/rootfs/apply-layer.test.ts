import { describe, expect, it, test } from 'vitest';
import { LayerError } from '../../src/core/errors.ts';
import type { TocEntry } from '../../src/core/toc.ts';
import { applyLayer } from '../../src/rootfs/apply-layer.ts';
import { type FileTree, layerOf } from '../../src/rootfs/file-tree.ts';
import { directory, file, hardlink, opaque, symlink, treeOf, whiteout } from '../support/entries.ts';
import { tocOf } from '../support/tree-candidates.ts';

function paths(tree: FileTree): string[] {
  return [...tree.walk()].map(({ path }) => path);
}

const BASE = treeOf([
  directory('etc'),
  file('etc/passwd', 'root'),
  directory('usr'),
  directory('usr/lib', { mode: 0o700 }),
  file('usr/lib/one', '1'),
  file('usr/lib/two', '2'),
  symlink('lib', 'usr/lib'),
]);

describe('applyLayer (reference, section 15; image-spec, layer.md)', () => {
  test.each<[string, readonly TocEntry[], readonly string[]]>([
    ['adds a file', [file('new')], ['etc', 'etc/passwd', 'lib', 'new', 'usr', 'usr/lib', 'usr/lib/one', 'usr/lib/two']],
    ['removes a file', [whiteout('usr/lib/one')], ['etc', 'etc/passwd', 'lib', 'usr', 'usr/lib', 'usr/lib/two']],
    ['removes a whole tree', [whiteout('usr')], ['etc', 'etc/passwd', 'lib']],
    ['removes nothing that is not there', [whiteout('no/such'), whiteout('etc/passwd/x')], paths(BASE)],
    ['removes a link and not its target', [whiteout('lib')], paths(BASE).filter((path) => path !== 'lib')],
    [
      'hides what lower layers have in an opaque directory',
      [opaque('usr/lib'), file('usr/lib/new')],
      ['etc', 'etc/passwd', 'lib', 'usr', 'usr/lib', 'usr/lib/new'],
    ],
    [
      'hides nothing of the same layer, whatever the order',
      [file('usr/lib/one', 'new'), opaque('usr/lib')],
      ['etc', 'etc/passwd', 'lib', 'usr', 'usr/lib', 'usr/lib/one'],
    ],
    ['removes nothing of the same layer', [file('usr/lib/one', 'new'), whiteout('usr/lib/one')], paths(BASE)],
    ['hides a whole root', [opaque(''), file('only')], ['only']],
    ['puts a file where a tree was', [file('usr', 'x')], ['etc', 'etc/passwd', 'lib', 'usr']],
    [
      'puts a directory where a file was',
      [directory('etc/passwd'), file('etc/passwd/x')],
      ['etc', 'etc/passwd', 'etc/passwd/x', 'lib', 'usr', 'usr/lib', 'usr/lib/one', 'usr/lib/two'],
    ],
    ['makes missing parents', [file('a/b/c')], ['a', 'a/b', 'a/b/c', ...paths(BASE)]],
    [
      'puts a directory where a link was',
      [directory('lib'), file('lib/x')],
      ['etc', 'etc/passwd', 'lib', 'lib/x', 'usr', 'usr/lib', 'usr/lib/one', 'usr/lib/two'],
    ],
    [
      'follows a link that took the place of a directory which it has been in',
      [file('usr/lib/new'), symlink('usr', 'etc'), file('usr/lib/late')],
      ['etc', 'etc/lib', 'etc/lib/late', 'etc/passwd', 'lib', 'usr'],
    ],
    [
      'goes on in a directory that it has described again through a link',
      [directory('usr/lib/d'), file('usr/lib/d/a'), directory('lib/d'), file('usr/lib/d/b')],
      [
        'etc',
        'etc/passwd',
        'lib',
        'usr',
        'usr/lib',
        'usr/lib/d',
        'usr/lib/d/a',
        'usr/lib/d/b',
        'usr/lib/one',
        'usr/lib/two',
      ],
    ],
  ])('%s', (_, entries, expected) => {
    expect(paths(applyLayer(BASE, tocOf(entries)).tree)).toEqual(expected);
  });

  it('makes missing parents with mode 0755, owned by root', () => {
    expect(applyLayer(BASE, tocOf([file('a/b')])).tree.lookup('a')).toMatchObject({ mode: 0o755, uid: 0, gid: 0 });
  });

  it('changes the attributes of a directory and keeps what is in it', () => {
    const { tree } = applyLayer(BASE, tocOf([directory('usr/lib', { mode: 0o1777, uid: 5 })]));
    expect(tree.lookup('usr/lib')).toMatchObject({ mode: 0o1777, uid: 5 });
    expect(tree.list('usr/lib')).toEqual(['one', 'two']);
  });

  it('follows links of lower layers to the directory that they name, and says so', () => {
    const { tree, renames } = applyLayer(
      BASE,
      tocOf([file('lib/new'), whiteout('lib/one'), hardlink('same', 'lib/two')]),
    );
    expect(tree.list('usr/lib')).toEqual(['new', 'two']);
    expect(tree.lookup('same')).toBe(tree.lookup('usr/lib/two'));
    expect(renames.get('lib/new')).toBe('usr/lib/new');
  });

  it('says what the directories are like that lower layers have and its own entries do not describe', () => {
    const layer = [
      file('usr/lib/new'),
      file('own/x'),
      file('lib/late'),
      directory('etc', { mode: 0o711 }),
      file('etc/y'),
    ];
    expect([...applyLayer(BASE, tocOf(layer)).implied]).toEqual([
      ['usr', expect.objectContaining({ mode: 0o755 })],
      ['usr/lib', expect.objectContaining({ mode: 0o700 })],
    ]);
    const late = [file('usr/lib/new'), directory('usr/lib', { mode: 0o711 })];
    expect([...applyLayer(BASE, tocOf(late)).implied.keys()]).toEqual(['usr']);
  });

  it('keeps an absolute link and a climbing one inside the root', () => {
    const base = treeOf([symlink('abs', '/etc'), symlink('up', '../../../etc'), directory('etc')]);
    const { tree } = applyLayer(base, tocOf([file('abs/one'), file('up/two')]));
    expect(tree.list('etc')).toEqual(['one', 'two']);
  });

  it('makes the directory that a dangling link names', () => {
    const { tree } = applyLayer(treeOf([symlink('a', 'not/yet')]), tocOf([file('a/x')]));
    expect(paths(tree)).toEqual(['a', 'not', 'not/yet', 'not/yet/x']);
  });

  it('says which names an opaque directory hides', () => {
    const { opaques } = applyLayer(BASE, tocOf([opaque('usr/lib'), opaque('etc/passwd'), opaque('nowhere')]));
    expect(opaques).toEqual([{ path: 'usr/lib', hides: ['one', 'two'] }]);
  });

  it('gives hard links one node, also across layers', () => {
    const { tree } = applyLayer(BASE, tocOf([file('a', 'x'), hardlink('b', 'a'), hardlink('c', 'etc/passwd')]));
    expect(tree.lookup('b')).toBe(tree.lookup('a'));
    expect(tree.lookup('c')).toBe(BASE.lookup('etc/passwd'));
  });

  it('knows where the content of a file is', () => {
    const toc = tocOf([{ ...file('a', 'x'), offset: 512 }]);
    const { tree } = applyLayer(BASE, toc);
    expect(tree.lookup('a')?.source).toEqual({ kind: 'layer', layer: toc.diffId, offset: 512 });
    expect(layerOf(tree.lookup('a') ?? BASE.root)).toBe(toc.diffId);
    expect(layerOf(BASE.root)).toBeUndefined();
  });

  it('shares with the lower tree all that the layer does not touch', () => {
    const { tree } = applyLayer(BASE, tocOf([file('etc/group')]));
    expect(tree.lookup('usr')).toBe(BASE.lookup('usr'));
    expect(tree.lookup('etc')).not.toBe(BASE.lookup('etc'));
  });

  test.each<[string, readonly TocEntry[]]>([
    ['a circle of symbolic links', [symlink('x', 'y'), symlink('y', 'x'), file('x/file')]],
    ['a hard link to "nowhere"', [hardlink('x', 'nowhere')]],
    ['a hard link to "usr"', [hardlink('x', 'usr')]],
  ])('refuses %s', (why, entries) => {
    const apply = (): unknown => applyLayer(BASE, tocOf(entries));
    expect(apply).toThrow(LayerError);
    expect(apply).toThrow(
      expect.objectContaining({
        code: 'LAYER_BAD_ENTRY',
        message: expect.stringContaining(why),
        entry: entries.at(-1)?.path,
        hint: expect.any(String),
      }),
    );
  });
});

describe('FileTree', () => {
  it('looks paths up without following links', () => {
    expect(BASE.lookup('')).toBe(BASE.root);
    expect(BASE.lookup('lib')).toMatchObject({ type: 'symlink', link: 'usr/lib' });
    expect(BASE.lookup('lib/one')).toBeUndefined();
    expect(BASE.lookup('etc/passwd/x')).toBeUndefined();
    expect(BASE.lookup('nowhere')).toBeUndefined();
  });

  it('lists names in byte order, and none of what is not a directory', () => {
    const tree = treeOf([file('b'), file('a'), file('B'), file('\u{ffff}'), file('\u{1f600}')]);
    expect(tree.list('')).toEqual(['B', 'a', 'b', '\u{ffff}', '\u{1f600}']);
    expect(tree.list('a')).toEqual([]);
    expect(tree.list('nowhere')).toEqual([]);
  });

  it('walks a directory before its content and all of that before the next name', () => {
    expect(paths(treeOf([file('a.b'), file('a/z'), file('a-')]))).toEqual(['a', 'a/z', 'a-', 'a.b']);
  });
});
