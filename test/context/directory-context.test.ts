import { chmodSync, linkSync, lutimesSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDirectoryContext } from '../../src/context/directory-context.ts';
import { compileIgnore } from '../../src/core/ignore.ts';
import type { Tree } from '../../src/core/tree.ts';
import { tempDir } from '../support/temp-dir.ts';

function paths(tree: Tree, directory = ''): string[] {
  return tree.list(directory).flatMap((name) => {
    const path = directory === '' ? name : `${directory}/${name}`;
    return [path, ...paths(tree, path)];
  });
}

describe('openDirectoryContext', () => {
  it('gives files with mode, times, size and path, owned by root', () => {
    const root = tempDir({ 'a/b': 'hello' });
    chmodSync(join(root, 'a/b'), 0o4751);
    utimesSync(join(root, 'a/b'), 0, 12.25);
    expect(openDirectoryContext(root).lookup('a/b')).toMatchObject({
      type: 'file',
      mode: 0o4751,
      uid: 0,
      gid: 0,
      mtime: 12,
      mtimeNanoseconds: 250_000_000,
      size: 5,
      source: { kind: 'path', path: join(root, 'a/b') },
    });
  });

  it('reads times before 1970', () => {
    const root = tempDir({ a: '' });
    utimesSync(join(root, 'a'), new Date(0), new Date(-1500));
    expect(openDirectoryContext(root).lookup('a')).toMatchObject({ mtime: -2, mtimeNanoseconds: 500_000_000 });
  });

  it('knows the root as a directory, also when a symbolic link leads to it', () => {
    const root = tempDir({ 'real/a': '' });
    symlinkSync('real', join(root, 'link'));
    const tree = openDirectoryContext(join(root, 'link'));
    expect(tree.lookup('')?.type).toBe('directory');
    expect(tree.list('')).toEqual(['a']);
  });

  it('lists names in byte order', () => {
    const tree = openDirectoryContext(tempDir({ b: '', B: '', 'a.b': '', 'a/x': '', ä: '', '😀': '', '\uFF5E': '' }));
    expect(tree.list('')).toEqual(['B', 'a', 'a.b', 'b', 'ä', '\uFF5E', '😀']);
  });

  it('gives symbolic links as written and does not follow them', () => {
    const root = tempDir({ 'dir/a': '' });
    symlinkSync('dir/../dir', join(root, 'link'));
    lutimesSync(join(root, 'link'), 0, 7);
    const tree = openDirectoryContext(root);
    expect(tree.lookup('link')).toMatchObject({ type: 'symlink', link: 'dir/../dir', size: 0, mtime: 7 });
    expect(tree.lookup('link/a')).toBeUndefined();
    expect(tree.list('link')).toEqual([]);
  });

  it('has nothing outside the root and nothing below a file', () => {
    const tree = openDirectoryContext(tempDir({ a: '' }));
    for (const path of ['..', '../x', 'a/..', 'a/b', 'missing', 'missing/x', 'a\0b', `${'n'.repeat(300)}`]) {
      expect(tree.lookup(path)).toBeUndefined();
      expect(tree.list(path)).toEqual([]);
    }
  });

  it('gives hard links as one node and other files as nodes of their own', () => {
    const root = tempDir({ a: 'x', other: 'x' });
    linkSync(join(root, 'a'), join(root, 'b'));
    const tree = openDirectoryContext(root);
    expect(tree.lookup('a')).toBe(tree.lookup('b'));
    expect(tree.lookup('a')).not.toBe(tree.lookup('other'));
  });

  it.skipIf(process.platform === 'win32')('leaves sockets out', async () => {
    const root = tempDir({ a: '' });
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(root, 's'), done));
    const tree = openDirectoryContext(root);
    expect(tree.list('')).toEqual(['a']);
    expect(tree.lookup('s')).toBeUndefined();
    await new Promise((done) => server.close(done));
  });

  it('asks the disk once for each path', () => {
    const root = tempDir({ 'a/b': 'x' });
    const tree = openDirectoryContext(root);
    const before = [tree.lookup('a/b'), tree.list('a')];
    rmSync(join(root, 'a'), { recursive: true });
    expect([tree.lookup('a/b'), tree.list('a')]).toEqual(before);
  });

  it.each<[what: string, make: (path: string) => void]>([
    ['nothing', () => {}],
    ['a file', (path) => writeFileSync(path, '')],
    ['a link to a directory', (path) => symlinkSync(tempDir({ b: '' }), path)],
    ['another directory', (path) => renameSync(tempDir({ b: '' }), path)],
  ])('names a directory that has become %s', (_, make) => {
    const root = tempDir({ 'a/b': '' });
    const path = join(root, 'a');
    const tree = openDirectoryContext(root);
    tree.lookup('a');
    renameSync(path, join(root, 'old'));
    make(path);
    expect(() => tree.list('a')).toThrow(
      expect.objectContaining({ code: 'CONTEXT_FILE_CHANGED', message: expect.stringContaining(path) }),
    );
  });

  it.each(['missing', 'file'])('refuses a root that is %s', (name) => {
    const root = tempDir({ file: '' });
    expect(() => openDirectoryContext(join(root, name))).toThrow(
      expect.objectContaining({ code: 'CONTEXT_NOT_FOUND', message: expect.stringContaining(name) }),
    );
  });
});

describe('openDirectoryContext with an ignore file (reference, section 13)', () => {
  const files = {
    'src/a.ts': '',
    'src/a.md': '',
    'src/deep/b.md': '',
    'out/x/y': '',
    'out/z': '',
    top: '',
    'empty/': '',
  };
  const visible = (...patterns: string[]) =>
    paths(openDirectoryContext(tempDir(files), { ignore: compileIgnore(patterns) }));

  it('has no ignored path', () => {
    expect(visible('out', '**/*.md')).toEqual(['empty', 'src', 'src/a.ts', 'src/deep', 'top']);
  });

  it('has an ignored directory only when something in it is kept', () => {
    expect(visible('*', '!src/deep/b.md')).toEqual(['src', 'src/deep', 'src/deep/b.md']);
    expect(visible('*', '!**/*.txt')).toEqual([]);
    expect(visible('*', '!empty')).toEqual(['empty']);
    expect(visible('out', '!out/x')).toEqual(expect.arrayContaining(['out', 'out/x', 'out/x/y']));
  });

  it('answers lookup as list does', () => {
    const tree = openDirectoryContext(tempDir(files), { ignore: compileIgnore(['*', '!src/deep/b.md']) });
    expect(tree.lookup('src/deep/b.md')?.type).toBe('file');
    expect(tree.lookup('src')?.type).toBe('directory');
    expect(tree.lookup('src/a.ts')).toBeUndefined();
    expect(tree.lookup('out')).toBeUndefined();
    expect(tree.lookup('')?.type).toBe('directory');
  });

  it('does not enter an ignored directory in which nothing can be kept', () => {
    const root = tempDir(files);
    const tree = openDirectoryContext(root, { ignore: compileIgnore(['out', '!src/x']) });
    tree.lookup('out');
    rmSync(join(root, 'out'), { recursive: true });
    expect(tree.list('out')).toEqual([]);
    expect(tree.list('')).not.toContain('out');
  });
});
