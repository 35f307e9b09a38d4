import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { isBuilderError } from '../../src/core/errors.ts';
import { compareTreePaths } from '../../src/core/paths.ts';
import type { TocEntry } from '../../src/core/toc.ts';
import { decodeToc, encodeToc, tableOf } from '../../src/layers/toc-codec.ts';
import { TocTable } from '../../src/layers/toc-table.ts';
import type { AppliedLayer } from '../../src/rootfs/applied-layer.ts';
import { applyLayer } from '../../src/rootfs/apply-layer.ts';
import { FileTree } from '../../src/rootfs/file-tree.ts';
import { editLayer } from '../../src/rootfs/layer-edit.ts';
import { viewLayer } from '../../src/rootfs/layer-view.ts';
import { applyEagerly, describeFlat, describeLazy } from '../support/eager-layers.ts';
import { directory, file, hardlink, opaque, symlink, treeOf, whiteout } from '../support/entries.ts';
import { tocOf } from '../support/tree-candidates.ts';

const path = fc.array(fc.constantFrom('a', 'b', 'c', 'a.b'), { minLength: 1, maxLength: 3 }).map((at) => at.join('/'));
const mode = fc.constantFrom(0o700, 0o750, 0o4755);

const entry: fc.Arbitrary<TocEntry> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(path, mode).map(([at, bits]) => directory(at, { mode: bits, xattrs: { 'user.a': 'eA==' } })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(path, fc.constantFrom('', 'x', 'yy'), mode)
      .map(([at, text, bits]) => file(at, text, { mode: bits })),
  },
  { weight: 1, arbitrary: fc.tuple(path, fc.constantFrom('a', '../b', '/c')).map(([at, to]) => symlink(at, to)) },
  { weight: 2, arbitrary: fc.tuple(path, path).map(([at, to]) => hardlink(at, to)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(path, fc.nat(9))
      .map(([at, minor]) => ({ ...file(at), type: 'character', major: 1, minor }) as const),
  },
  { weight: 2, arbitrary: path.map(whiteout) },
  { weight: 1, arbitrary: fc.oneof(path, fc.constant('')).map(opaque) },
);

/** Most have the order that tools write, and hard links to files of their own; the others any order and any defect. */
const layer: fc.Arbitrary<TocEntry[]> = fc
  .tuple(fc.array(entry, { maxLength: 10 }), fc.constantFrom('tidy', 'tidy', 'tidy', 'sorted', 'any'))
  .map(([entries, order]) => {
    if (order === 'any') return entries;
    const sorted = [...entries].sort((a, b) => compareTreePaths(a.path, b.path) || rank(a) - rank(b));
    return order === 'sorted' ? sorted : tidy(sorted);
  });

function rank({ type }: TocEntry): number {
  return type === 'directory' ? 0 : type === 'opaque' ? 1 : 2;
}

function tidy(sorted: readonly TocEntry[]): TocEntry[] {
  const kept: TocEntry[] = [];
  for (const next of sorted) {
    const isDouble = kept.some(
      ({ path: at, type }) => at === next.path && !(type === 'directory' && next.type === 'opaque'),
    );
    const isBelow = kept.some(
      ({ path: at, type }) => type !== 'directory' && type !== 'opaque' && next.path.startsWith(`${at}/`),
    );
    const files = kept.filter(({ type }) => type === 'file');
    if (isDouble || isBelow) continue;
    if (next.type !== 'hardlink') kept.push(next);
    else if (files.length > 0) kept.push({ ...next, link: files[next.path.length % files.length]?.path ?? '' });
  }
  return kept;
}

const layers = fc.array(layer, { minLength: 1, maxLength: 3 });

function applyAll(entries: readonly (readonly TocEntry[])[]): string[] {
  try {
    const tocs = entries.map((one) => decodeToc(encodeToc(tocOf(one))));
    return describeLazy(tocs.reduce((tree, toc) => applyLayer(tree, toc).tree, FileTree.empty));
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    return ['fails'];
  }
}

function factsOf({ tree, implied, renames, opaques }: AppliedLayer): unknown {
  return { tree: describeLazy(tree), implied: new Map(implied), renames, opaques: [...opaques] };
}

describe('layers over one another', () => {
  it('make the tree that their entries make one after another, however it is come by', () => {
    fc.assert(
      fc.property(layers, (entries) => {
        expect(applyAll(entries)).toEqual(describeFlat(applyEagerly(entries)));
      }),
      { numRuns: 600 },
    );
  });

  it('are told of to an unpacker alike, seen or carried out', () => {
    fc.assert(
      fc.property(layers, layer, (below, top) => {
        fc.pre(applyEagerly(below) !== 'fails');
        const tree = treeOf(...below);
        const seen = viewLayer(tree, tableOf(tocOf(top)));
        fc.pre(seen !== undefined);
        expect(factsOf(seen)).toEqual(factsOf(editLayer(tree, tocOf(top))));
      }),
      { numRuns: 300 },
    );
  });
});

describe('viewLayer', () => {
  const BASE = treeOf([
    directory('d'),
    file('d/x'),
    symlink('l', 'd'),
    directory('e'),
    directory('e/f'),
    file('e/f/y'),
  ]);
  const isSeen = (entries: readonly TocEntry[]): boolean => viewLayer(BASE, tableOf(tocOf(entries))) !== undefined;

  it.each<[string, readonly TocEntry[]]>([
    ['files and directories', [directory('d'), file('d/new'), file('top')]],
    ['directories that it does not describe', [file('d/new'), file('no/such/place')]],
    ['whiteouts and opaque directories', [directory('d'), opaque('d'), file('d/y'), whiteout('e/f/y'), whiteout('l')]],
    ['hard links to its own files', [file('a'), hardlink('b', 'a'), hardlink('c', 'b')]],
    ['a directory in place of a link', [directory('l'), file('l/x')]],
    ['paths in the order of their bytes', [directory('d'), file('d.x'), file('d/x')]],
  ])('takes a layer of %s', (_, entries) => {
    expect(isSeen(entries)).toBe(true);
  });

  it.each<[string, readonly TocEntry[]]>([
    ['an entry below a link of the tree', [file('l/new')]],
    ['an entry below its own link', [symlink('m', 'd'), file('m/x')]],
    ['a path twice', [file('a'), file('a', 'x')]],
    ['a path that it removes and has', [whiteout('d'), file('d/y')]],
    ['an opaque marker after what it must not hide', [file('d/y'), opaque('d')]],
    ['a hard link to a file of a lower layer', [hardlink('a', 'd/x')]],
    ['a hard link before its target', [hardlink('a', 'b'), file('b')]],
  ])('leaves a layer with %s to be carried out', (_, entries) => {
    expect(isSeen(entries)).toBe(false);
  });

  it('makes a node of a row when its directory is asked for, and not before', () => {
    const toc = decodeToc(encodeToc(tocOf([directory('d'), file('d/1'), file('d/2'), directory('g'), file('g/3')])));
    const described = vi.spyOn(TocTable.prototype, 'describe');
    const { tree } = applyLayer(BASE, toc);
    expect(described).toHaveBeenCalledTimes(0);
    tree.lookup('d');
    expect(described).toHaveBeenCalledTimes(2);
    tree.lookup('g/3');
    tree.lookup('g/3');
    expect(described).toHaveBeenCalledTimes(3);
    described.mockRestore();
  });
});
