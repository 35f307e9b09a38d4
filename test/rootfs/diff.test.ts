import { describe, expect, it, test } from 'vitest';
import type { Entry, TocEntry, WhiteoutEntry } from '../../src/core/toc.ts';
import type { ChangedPath } from '../../src/rootfs/changed-path.ts';
import { type DiffRequest, diffTree } from '../../src/rootfs/diff.ts';
import { directory, file, hardlink, symlink, treeOf, whiteout } from '../support/entries.ts';
import { candidatesOf, hasherOf } from '../support/tree-candidates.ts';

const BASE_ENTRIES = [
  directory('a', { mtime: 9 }),
  directory('a/b'),
  file('a/b/deep', 'x', { mtime: 100 }),
  file('plain', 'one', { mtime: 100 }),
  file('twin', 'same', { mtime: 100 }),
  hardlink('twin2', 'twin'),
  symlink('link', 'plain', { mtime: 100 }),
  directory('full'),
  file('full/one', '1', { mtime: 100 }),
  file('full/two', '2', { mtime: 100 }),
];
const BASE = treeOf(BASE_ENTRIES);

/** The layer from the base to the base with more layers on it, as a full walk sees it. */
async function diffAfter(...layers: readonly (readonly TocEntry[])[]): Promise<(Entry | WhiteoutEntry)[]> {
  const after = treeOf(BASE_ENTRIES, ...layers);
  return await diffTree(requestOf(candidatesOf(after), { hash: hasherOf(after) }));
}

function requestOf(candidates: readonly ChangedPath[], changes: Partial<DiffRequest> = {}): DiffRequest {
  const hash = (): never => {
    throw new Error('no content needs to be read here');
  };
  return { tree: BASE, candidates, ownersKnown: true, devicesKnown: true, hash, ...changes };
}

function changedPath(entry: Entry, inode = '1'): ChangedPath {
  return { ...entry, type: entry.type as ChangedPath['type'], inode };
}

function brief(entries: readonly (Entry | WhiteoutEntry)[]): string[] {
  return entries.map(({ path, type }) => `${type} ${path}`);
}

describe('diffTree (reference, section 15)', () => {
  test.each<[string, readonly TocEntry[], readonly string[]]>([
    ['nothing', [], []],
    ['a new file, with its ancestors', [file('a/b/new')], ['directory a', 'directory a/b', 'file a/b/new']],
    ['a new mode', [file('plain', 'one', { mtime: 100, mode: 0o755 })], ['file plain']],
    ['a setuid bit', [file('plain', 'one', { mtime: 100, mode: 0o4644 })], ['file plain']],
    ['a new owner', [file('plain', 'one', { mtime: 100, uid: 7 })], ['file plain']],
    ['a new group', [file('plain', 'one', { mtime: 100, gid: 7 })], ['file plain']],
    ['a new time', [file('plain', 'one', { mtime: 101 })], ['file plain']],
    ['a new size', [file('plain', 'longer', { mtime: 100 })], ['file plain']],
    ['other content of the same size and time', [file('plain', 'two', { mtime: 100 })], ['file plain']],
    ['a capability', [file('plain', 'one', { mtime: 100, xattrs: { 'security.capability': 'AQ==' } })], ['file plain']],
    ['no other extended attribute', [file('plain', 'one', { mtime: 100, xattrs: { 'user.x': 'AQ==' } })], []],
    ['a new target of a link', [symlink('link', 'twin', { mtime: 100 })], ['symlink link']],
    ['no time of a directory', [directory('a', { mtime: 10 })], []],
    ['a mode of a directory, without what is in it', [directory('a', { mode: 0o700 })], ['directory a']],
    ['a removed file', [whiteout('plain')], ['whiteout plain']],
    ['a removed tree, by its root', [whiteout('full')], ['whiteout full']],
    ['a removed file in a directory', [whiteout('full/one')], ['directory full', 'whiteout full/one']],
    ['a file where a directory was', [file('full', 'x')], ['file full']],
    ['a directory where a file was', [directory('plain'), file('plain/x')], ['directory plain', 'file plain/x']],
    ['a link where a directory was', [symlink('a', 'full')], ['symlink a']],
    ['a hard link to what did not change, as a file', [hardlink('third', 'plain')], ['file third']],
    ['new hard links', [file('n1', 'x'), hardlink('n2', 'n1')], ['file n1', 'hardlink n2']],
  ])('finds %s', async (_, layer, expected) => {
    expect(brief(await diffAfter(layer))).toEqual(expected);
  });

  it('describes a directory that was removed and made anew by what vanished and what is new', async () => {
    const layers = [[whiteout('full')], [directory('full', { mode: 0o700 }), file('full/new')]];
    expect(brief(await diffAfter(...layers))).toEqual([
      'directory full',
      'file full/new',
      'whiteout full/one',
      'whiteout full/two',
    ]);
  });

  it('gives an entry all that changed and all that did not', async () => {
    const now = { mode: 0o4755, uid: 1, gid: 2, mtime: 3, xattrs: { 'security.capability': 'AQ==', 'user.x': 'AQ==' } };
    expect(await diffAfter([file('plain', 'four', now)])).toEqual([
      { path: 'plain', type: 'file', size: 4, ...now, xattrs: { 'security.capability': 'AQ==' } },
    ]);
  });

  it('gives ancestors their present attributes, whether they were looked at or not', async () => {
    const changed = changedPath(file('a/b/new'));
    const [a, b] = await diffTree(requestOf([changed, changedPath(directory('a/b', { mtime: 55 }), '2')]));
    expect(a).toEqual(directory('a', { mtime: 9 }));
    expect(b).toEqual(directory('a/b', { mtime: 55 }));
  });

  it('links later names of a new inode to the first one', async () => {
    const [first, second] = await diffAfter([file('n1', 'x', { uid: 4 }), hardlink('n2', 'n1')]);
    expect(first).toMatchObject({ path: 'n1', size: 1 });
    expect(second).toMatchObject({ path: 'n2', type: 'hardlink', link: 'n1', size: 0, uid: 4 });
  });

  it('re-emits every name of a file that was changed in place', async () => {
    expect(brief(await diffAfter([file('twin', 'other'), hardlink('twin2', 'twin')]))).toEqual([
      'file twin',
      'hardlink twin2',
    ]);
  });

  it('keeps the numbers of a device and tells other numbers', async () => {
    const device: Entry = {
      path: 'dev',
      type: 'character',
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtime: 0,
      size: 0,
      major: 1,
      minor: 3,
    };
    const tree = treeOf([device]);
    expect(await diffTree(requestOf([changedPath(device)], { tree }))).toEqual([]);
    expect(await diffTree(requestOf([changedPath({ ...device, minor: 5 })], { tree }))).toEqual([
      { ...device, minor: 5 },
    ]);
  });

  it('asks for content only where two whole-second times are equal', async () => {
    const asked: string[] = [];
    const hash: DiffRequest['hash'] = (paths) => {
      asked.push(...paths);
      return hasherOf(BASE)(paths);
    };
    await diffTree(requestOf(candidatesOf(BASE), { hash }));
    expect(asked).toEqual(['a/b/deep', 'full/one', 'full/two', 'plain', 'twin', 'twin2']);
    asked.length = 0;
    await diffTree(
      requestOf([changedPath({ ...file('plain', 'one', { mtime: 100 }), mtimeNanoseconds: 5 })], { hash }),
    );
    await diffTree(requestOf([changedPath(file('plain', 'one', { mtime: 101 }))], { hash }));
    await diffTree(requestOf([changedPath(file('fresh', 'one'))], { hash }));
    expect(asked).toEqual([]);
  });

  it('compares nanoseconds where both sides have them', async () => {
    const precise = { ...file('p', 'x', { mtime: 100 }), mtimeNanoseconds: 5 };
    const tree = treeOf([precise]);
    expect(await diffTree(requestOf([changedPath(precise)], { tree }))).toEqual([]);
    const later = changedPath({ ...precise, mtimeNanoseconds: 6 });
    expect(brief(await diffTree(requestOf([later], { tree })))).toEqual(['file p']);
  });

  it('leaves out sockets, overlay marks and the root', async () => {
    const candidates: ChangedPath[] = [
      { ...changedPath(directory('', { mode: 0o700, uid: 3 })), names: BASE.list('') },
      { ...changedPath(file('sock')), type: 'socket' },
      { ...changedPath(file('gone')), type: 'whiteout' },
    ];
    expect(await diffTree(requestOf(candidates))).toEqual([]);
  });

  it('takes two overlay marks, which share an inode, for no hard links', async () => {
    const marks = ['plain', 'link'].map(
      (path): ChangedPath => ({ ...changedPath(file(path), 'mark'), type: 'whiteout' }),
    );
    const names = BASE.list('').filter((name) => name !== 'plain' && name !== 'link');
    const root: ChangedPath = { ...changedPath(directory('')), names };
    expect(brief(await diffTree(requestOf([root, ...marks])))).toEqual(['whiteout link', 'whiteout plain']);
  });

  it('takes owners from the tree where the host maps all owners to one', async () => {
    const tree = treeOf([file('mine', 'x', { mtime: 100, uid: 33, gid: 33 })]);
    const candidates = [changedPath(file('mine', 'xx', { mtime: 200 })), changedPath(file('new'), '2')];
    const entries = await diffTree(requestOf(candidates, { tree, ownersKnown: false }));
    expect(entries).toEqual([
      expect.objectContaining({ path: 'mine', uid: 33, gid: 33 }),
      expect.objectContaining({ path: 'new', uid: 0, gid: 0 }),
    ]);
  });

  it('never reports a device as gone where the host could not make it', async () => {
    const device: Entry = {
      path: 'dev',
      type: 'block',
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtime: 0,
      size: 0,
      major: 8,
      minor: 0,
    };
    const tree = treeOf([device, file('file')]);
    const root: ChangedPath = { ...changedPath(directory('')), names: [] };
    expect(brief(await diffTree(requestOf([root], { tree, devicesKnown: false })))).toEqual(['whiteout file']);
    expect(brief(await diffTree(requestOf([root], { tree })))).toEqual(['whiteout dev', 'whiteout file']);
  });
});
