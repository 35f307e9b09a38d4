import { describe, expect, it, test } from 'vitest';
import { sourceKeyFields, targetKeyFields } from '../../../src/build/copy/key-fields.ts';
import type { CopyRequest } from '../../../src/build/copy/request.ts';
import type { TreeNode } from '../../../src/core/tree.ts';
import { device, dir, file, symlink, tree } from '../../support/trees.ts';
import { copy } from './copy-request.ts';

const BASE = {
  'src/a': file('x'),
  'src/b': file('y', { xattrs: { 'security.capability': 'AQAAAg==' } }),
  'src/d': dir(),
  'src/l': symlink('a'),
  'src/n': device('block', 8, 1),
};

function fields(request: Partial<CopyRequest>) {
  const { selection, target } = copy(request);
  return { sources: [...sourceKeyFields(selection, () => undefined)], target: targetKeyFields(target) };
}

function sources(nodes: Record<string, TreeNode>, text = 'src'): readonly string[] {
  return fields({ source: tree(nodes), sources: [text], to: '/to' }).sources;
}

describe('what is copied counts (reference, section 16)', () => {
  test.each<[what: string, change: Record<string, TreeNode>]>([
    ['content', { 'src/a': file('X') }],
    ['size', { 'src/a': file('xx') }],
    ['mode', { 'src/a': file('x', { mode: 0o755 }) }],
    ['setuid', { 'src/a': file('x', { mode: 0o4644 }) }],
    ['uid', { 'src/a': file('x', { uid: 1 }) }],
    ['gid', { 'src/a': file('x', { gid: 1 }) }],
    ['type', { 'src/a': dir() }],
    ['link', { 'src/l': symlink('b') }],
    ['device number', { 'src/n': device('block', 8, 2) }],
    ['capability', { 'src/b': file('y') }],
    ['mode of a directory', { 'src/d': dir({ mode: 0o700 }) }],
    ['name', { 'src/e': file('') }],
    ['hard link', { 'src/e': BASE['src/a'] }],
  ])('%s', (_, change) => {
    expect(sources({ ...BASE, ...change })).not.toEqual(sources(BASE));
  });

  test.each<[what: string, change: Record<string, TreeNode>]>([
    ['times', { 'src/a': file('x', { mtime: 77, mtimeNanoseconds: 5 }) }],
    ['other extended attributes', { 'src/a': file('x', { xattrs: { 'user.x': 'eA==' } }) }],
    ['attributes of the source directory itself', { src: dir({ mode: 0o700, uid: 5 }) }],
    ['what was not selected', { other: file('') }],
  ])('but not %s', (_, change) => {
    expect(sources({ ...BASE, ...change })).toEqual(sources(BASE));
  });

  it('tells an equal copy from a hard link', () => {
    const linked = file('x');
    expect(sources({ 'src/a': linked, 'src/b': linked })).not.toEqual(sources({ 'src/a': linked, 'src/b': file('x') }));
  });

  it('has the name of a file as written, and not that of a directory', () => {
    const nodes = { a: file('x'), b: file('x'), 'd/f': file(''), 'e/f': file('') };
    expect(sources(nodes, 'a')).not.toEqual(sources(nodes, 'b'));
    expect(sources(nodes, 'd')).toEqual(sources(nodes, 'e'));
    expect(sources(nodes, 'a')).toEqual(sources(nodes, '[a]'));
  });

  it('tells one source from two', () => {
    const source = tree({ 'd/a': file(''), 'd/b': file(''), 'e/a': file(''), 'f/b': file('') });
    expect(fields({ source, sources: ['d'] }).sources).not.toEqual(fields({ source, sources: ['e', 'f'] }).sources);
  });

  it('has the content of here-documents', () => {
    const inline = (content: string) => fields({ inlineFiles: [{ name: 'a', content }] }).sources;
    expect(inline('x')).not.toEqual(inline('y'));
  });

  it('takes digests from the caller where the node has none', () => {
    const { digest, ...node } = file('x');
    const { selection } = copy({ source: tree({ a: node }), sources: ['a'] });
    expect([...sourceKeyFields(selection, (asked) => (asked === node ? digest : undefined))]).toEqual(
      fields({ source: tree({ a: file('x') }), sources: ['a'] }).sources,
    );
    expect(() => sourceKeyFields(selection, () => undefined)).toThrow('no digest for');
  });
});

describe('what of the destination the result goes through counts (design 6)', () => {
  const target = (nodes: Record<string, TreeNode>, request: Partial<CopyRequest> = {}) =>
    fields({ source: tree(BASE), sources: ['src/a'], to: '/opt/app', destination: tree(nodes), ...request }).target;

  test.each<[what: string, nodes: Record<string, TreeNode>]>([
    ['an existing directory', { 'opt/app': dir() }],
    ['an existing file', { 'opt/app': file('') }],
    ['a symbolic link', { opt: symlink('/srv') }],
    ['the mode of an ancestor', { opt: dir({ mode: 0o700 }) }],
    ['the owner of an ancestor', { opt: dir({ uid: 1 }) }],
    ['the group of an ancestor', { opt: dir({ gid: 1 }) }],
    ['a missing ancestor', {}],
  ])('%s', (_, nodes) => {
    expect(target(nodes)).not.toEqual(target({ opt: dir() }));
  });

  test.each<[what: string, nodes: Record<string, TreeNode>]>([
    ['the time of an ancestor', { opt: dir({ mtime: 77 }) }],
    ['what lies beside', { opt: dir(), other: file('') }],
  ])('but not %s', (_, nodes) => {
    expect(target(nodes)).toEqual(target({ opt: dir() }));
  });

  it('but nothing at all under --link', () => {
    expect(target({ opt: symlink('/srv') }, { link: true })).toEqual(target({}, { link: true }));
  });
});
