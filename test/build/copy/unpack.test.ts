import { describe, expect, it } from 'vitest';
import type { PackEntry } from '../../../src/core/toc.ts';
import type { TreeNode } from '../../../src/core/tree.ts';
import { dir, file, symlink, tree } from '../../support/trees.ts';
import { copied, copy } from './copy-request.ts';

const archive = file('bytes of the archive');
const source = tree({ 'app.tar': archive, f: file('plain') });

function entry(path: string, node: TreeNode): PackEntry {
  return { path, ...node };
}

function hardlink(path: string, link: string): PackEntry {
  return { path, type: 'hardlink', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0, link };
}

function added(entries: readonly PackEntry[], request: Partial<Parameters<typeof copied>[0]> = {}): string[] {
  return copied({ source, sources: ['app.tar'], to: '/to', archives: new Map([[archive, entries]]), ...request });
}

describe('an archive that ADD unpacks (reference, section 11)', () => {
  it('goes into the destination directory, made 0755, with its own owners and modes', () => {
    expect(
      added([entry('d', dir({ mode: 0o700, uid: 5, gid: 6 })), entry('d/f', file('x', { mode: 0o4755, uid: 5 }))]),
    ).toEqual(['d 755 0:0 to', 'd 700 5:6 to/d', 'f 4755 5:0 to/d/f "x"']);
  });

  it('takes the destination as a directory with and without a slash', () => {
    const entries = [entry('f', file('x'))];
    expect(added(entries, { to: '/to/' })).toEqual(added(entries, { to: '/to' }));
  });

  it('obeys --chown and not --chmod', () => {
    const entries = [entry('d', dir({ mode: 0o700, uid: 5 })), entry('f', file('x', { uid: 5 })), hardlink('g', 'f')];
    expect(added(entries, { chown: { uid: 1, gid: 2 }, chmod: '777' })).toEqual([
      'd 755 1:2 to',
      'd 700 1:2 to/d',
      'f 644 1:2 to/f "x"',
      'h 644 1:2 to/g => to/f',
    ]);
  });

  it('merges with directories and replaces everything else, a full directory by a file too', () => {
    const destination = tree({ 'to/d/kept': file(''), 'to/f/x': file(''), 'to/l': symlink('/elsewhere') });
    expect(
      added([entry('d', dir({ mode: 0o711 })), entry('f', file('x')), entry('l', file('y'))], { destination }),
    ).toEqual(['d 755 0:0 to', 'd 711 0:0 to/d', 'f 644 0:0 to/f "x"', 'f 644 0:0 to/l "y"']);
  });

  it('makes parents that the archive leaves out, and follows them where they are links', () => {
    const destination = tree({ 'to/bin': symlink('/usr/bin'), 'usr/bin': dir({ mode: 0o711 }) });
    expect(added([entry('bin/sh', file('x')), entry('new/er/f', file('y'))], { destination })).toEqual([
      'd 755 0:0 to',
      'd 755 0:0 to/new',
      'd 755 0:0 to/new/er',
      'f 644 0:0 to/new/er/f "y"',
      'd 755 0:0 usr',
      'd 711 0:0 usr/bin',
      'f 644 0:0 usr/bin/sh "x"',
    ]);
  });

  it('says nothing of the destination by its own root', () => {
    const root = entry('', dir({ mode: 0o700, uid: 5, gid: 6 }));
    const destination = tree({ 'to/kept': file('') });
    expect(added([root, entry('f', file('x'))], { destination })).toEqual(['d 755 0:0 to', 'f 644 0:0 to/f "x"']);
    expect(added([root, entry('f', file('x'))], { to: '/' })).toEqual(['f 644 0:0 f "x"']);
  });

  it('hides what was in a directory that it replaced by a file before it made it anew', () => {
    const destination = tree({ 'to/d/old': file(''), 'to/d/e/old': file(''), 'to/d/kept': file('') });
    const entries = [
      entry('d/first', file('gone')),
      entry('d', file('x')),
      entry('d', dir()),
      entry('d/e', dir()),
      entry('d/kept', file('new')),
    ];
    const request = { source, sources: ['app.tar'], to: '/to', archives: new Map([[archive, entries]]), destination };
    const { entries: placed, whiteouts } = copy(request);
    expect(placed.map(({ path }) => path)).toEqual(['to', 'to/d', 'to/d/e', 'to/d/kept']);
    expect(whiteouts.map(({ path }) => path).sort()).toEqual(['to/d/e/old', 'to/d/old']);
  });

  it('replaces a link by a directory that the archive has', () => {
    const destination = tree({ 'to/bin': symlink('/usr/bin'), 'usr/bin': dir() });
    expect(added([entry('bin', dir()), entry('bin/sh', file('x'))], { destination })).toEqual([
      'd 755 0:0 to',
      'd 755 0:0 to/bin',
      'f 644 0:0 to/bin/sh "x"',
    ]);
  });

  it('never leaves the root through its own links', () => {
    expect(added([entry('l', symlink('../../../etc')), entry('l/f', file('x'))])).toEqual([
      'd 755 0:0 etc',
      'f 644 0:0 etc/f "x"',
      'd 755 0:0 to',
      'l 777 0:0 to/l -> ../../../etc',
    ]);
  });

  it('keeps hard links, from the first name in the layer', () => {
    expect(added([entry('z', file('x')), hardlink('a', 'z'), hardlink('m', 'a')])).toEqual([
      'd 755 0:0 to',
      'f 644 0:0 to/a "x"',
      'h 644 0:0 to/m => to/a',
      'h 644 0:0 to/z => to/a',
    ]);
  });

  it('makes a hard link to a file of the root a file (section 15)', () => {
    const destination = tree({ 'to/old': file('old', { uid: 3 }) });
    expect(added([hardlink('new', 'old')], { destination })).toEqual(['d 755 0:0 to', 'f 644 3:0 to/new "old"']);
  });

  it('refuses a hard link to nothing', () => {
    expect(() => added([hardlink('a', 'missing')])).toThrow(
      expect.objectContaining({ code: 'STEP_ADD_BAD_LINK', message: expect.stringContaining('"missing"') }),
    );
  });

  it('lets a later entry win, whatever it was before', () => {
    expect(added([entry('a', file('1')), entry('a', symlink('b')), entry('a', file('2'))])).toEqual([
      'd 755 0:0 to',
      'f 644 0:0 to/a "2"',
    ]);
    expect(added([entry('a', dir()), entry('a/b', file('1')), entry('a', file('2'))])).toEqual([
      'd 755 0:0 to',
      'f 644 0:0 to/a "2"',
    ]);
  });

  it('is refused where the destination is a file', () => {
    expect(() => added([], { destination: tree({ to: file('') }) })).toThrow(
      expect.objectContaining({ code: 'STEP_COPY_NOT_A_DIRECTORY' }),
    );
  });

  it('is copied like any file when it lies in a directory, and beside plain files', () => {
    const archives = new Map([[archive, [entry('x', file('x'))]]]);
    expect(copied({ source, sources: ['.'], to: '/to', archives })).toEqual([
      'd 755 0:0 to',
      'f 644 0:0 to/app.tar "bytes of the archive"',
      'f 644 0:0 to/f "plain"',
    ]);
    expect(copied({ source, sources: ['*'], to: '/to/', archives })).toEqual([
      'd 755 0:0 to',
      'f 644 0:0 to/f "plain"',
      'f 644 0:0 to/x "x"',
    ]);
  });

  it('is told by the plan', () => {
    const plan = (sources: string[]) => copy({ source, sources, to: '/to/', archives: new Map([[archive, []]]) });
    expect(plan(['app.tar']).unpacks).toBe(true);
    expect(plan(['f']).unpacks).toBe(false);
  });
});
