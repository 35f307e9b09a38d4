import { describe, expect, it, test } from 'vitest';
import { resolveNode, resolvePath } from '../../src/rootfs/resolve.ts';
import { directory, file, symlink, treeOf } from '../support/entries.ts';

const TREE = treeOf([
  directory('usr'),
  directory('usr/lib'),
  file('usr/lib/so', 'x'),
  symlink('lib', 'usr/lib'),
  symlink('abs', '/usr/lib'),
  symlink('up', '../../../usr'),
  symlink('usr/back', '..'),
  symlink('usr/lib/self', '.'),
  symlink('chain', 'lib/self/self'),
  symlink('dangling', 'nowhere/at/all'),
  symlink('one', 'two'),
  symlink('two', 'one'),
  symlink('doubled', 'doubled/doubled'),
]);

describe('resolvePath', () => {
  test.each([
    ['', ''],
    ['/', ''],
    ['usr/lib/so', 'usr/lib/so'],
    ['/usr//lib/./so/', 'usr/lib/so'],
    ['lib/so', 'usr/lib/so'],
    ['abs/so', 'usr/lib/so'],
    ['up/lib/so', 'usr/lib/so'],
    ['usr/back/lib/so', 'usr/lib/so'],
    ['chain/so', 'usr/lib/so'],
    ['lib', 'usr/lib'],
    ['../../lib', 'usr/lib'],
    ['dangling', 'nowhere/at/all'],
    ['dangling/x', 'nowhere/at/all/x'],
    ['no/such/path', 'no/such/path'],
    ['usr/lib/so/below', 'usr/lib/so/below'],
  ])('%j leads to %j', (path, expected) => {
    expect(resolvePath(TREE, path)).toBe(expected);
  });

  it('leaves the last component alone when it is told to', () => {
    expect(resolvePath(TREE, 'lib', true)).toBe('lib');
    expect(resolvePath(TREE, 'up/back', true)).toBe('usr/back');
    expect(resolvePath(TREE, 'one', true)).toBe('one');
  });

  test.each(['one', 'one/x', 'doubled'])('gives up on %j, which runs in a circle', (path) => {
    expect(resolvePath(TREE, path)).toBeUndefined();
  });
});

describe('resolveNode', () => {
  it('finds what is at the end of all links', () => {
    expect(resolveNode(TREE, 'chain/so')).toBe(TREE.lookup('usr/lib/so'));
    expect(resolveNode(TREE, 'dangling')).toBeUndefined();
    expect(resolveNode(TREE, 'one')).toBeUndefined();
  });
});
