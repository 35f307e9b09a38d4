import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBuilderError } from '../../src/core/errors.ts';
import { compareTreePaths, parentPath } from '../../src/core/paths.ts';
import { isWhiteout, type TocEntry } from '../../src/core/toc.ts';
import { applyLayer } from '../../src/rootfs/apply-layer.ts';
import type { ChangedPath } from '../../src/rootfs/changed-path.ts';
import { diffTree } from '../../src/rootfs/diff.ts';
import { FileTree, isDirectoryNode } from '../../src/rootfs/file-tree.ts';
import { describeTree, randomChange, randomTree } from '../support/random-tree.ts';
import { candidatesOf, hasherOf, tocOf, upperCandidatesOf } from '../support/tree-candidates.ts';

const RUNS = { numRuns: 300 };

const twoTrees = fc.oneof(randomChange, fc.record({ before: randomTree, after: randomTree }));

function diff(before: FileTree, after: FileTree, candidates: readonly ChangedPath[]): ReturnType<typeof diffTree> {
  return diffTree({ tree: before, candidates, ownersKnown: true, devicesKnown: true, hash: hasherOf(after) });
}

/** Entries in any order and with any defect that a foreign layer may have. */
const foreignEntries: fc.Arbitrary<TocEntry[]> = fc
  .array(fc.tuple(randomTree, fc.nat(20), fc.constantFrom('keep', 'whiteout', 'opaque', 'hardlink'), fc.nat(20)), {
    maxLength: 8,
  })
  .map((picks) =>
    picks.flatMap(([tree, at, what, other]): TocEntry[] => {
      const entries = candidatesOf(tree).slice(1);
      const { path, names, inode, ...entry } =
        entries[at % Math.max(entries.length, 1)] ?? candidatesOf(tree)[0] ?? never();
      if (path === '' || entry.type === 'socket' || entry.type === 'whiteout') return [];
      if (what === 'whiteout' || what === 'opaque') return [{ path, type: what }];
      const target = entries[other % entries.length]?.path ?? path;
      if (what === 'hardlink') return [{ ...entry, path, type: 'hardlink', size: 0, link: target }];
      return [{ ...entry, path, type: entry.type }];
    }),
  );

function never(): never {
  throw new Error('a tree has a root');
}

describe('diffTree and applyLayer', () => {
  it('make the new tree of the old one, from a walk of everything', async () => {
    await fc.assert(
      fc.asyncProperty(twoTrees, async ({ before, after }) => {
        const unchanged = describeTree(before);
        const entries = await diff(before, after, candidatesOf(after));
        expect(describeTree(applyLayer(before, tocOf(entries, after)).tree)).toEqual(describeTree(after));
        expect(describeTree(before)).toEqual(unchanged);
      }),
      RUNS,
    );
  });

  it('make the same layer from an upper directory, whatever was copied up besides', async () => {
    await fc.assert(
      fc.asyncProperty(twoTrees, fc.func(fc.boolean()), async ({ before, after }, copiedUp) => {
        const full = await diff(before, after, candidatesOf(after));
        const touched = new Set(full.filter((entry) => !isWhiteout(entry)).map(({ path }) => path));
        for (const { path } of full.filter(isWhiteout)) touched.add(parentPath(path));
        for (const { path } of after.walk()) if (copiedUp(path)) touched.add(path);
        const upper = await diff(before, after, upperCandidatesOf(before, after, touched));
        expect(upper).toEqual(full);
      }),
      RUNS,
    );
  });

  it('find nothing where nothing changed', async () => {
    await fc.assert(
      fc.asyncProperty(randomTree, async (tree) => {
        expect(await diff(tree, tree, candidatesOf(tree))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('write a layer in order, parents first, links after their target, each path once and never the root', async () => {
    await fc.assert(
      fc.asyncProperty(twoTrees, async ({ before, after }) => {
        const entries = await diff(before, after, candidatesOf(after));
        const paths = entries.map(({ path }) => path);
        expect(paths).toEqual([...new Set(paths)].sort(compareTreePaths));
        expect(paths).not.toContain('');
        for (const [index, entry] of entries.entries()) {
          const parent = parentPath(entry.path);
          if (parent !== '') expect(paths.slice(0, index)).toContain(parent);
          if (entry.type === 'hardlink') expect(paths.slice(0, index)).toContain(entry.link);
        }
      }),
      RUNS,
    );
  });

  it('keep hard links among what is new', async () => {
    await fc.assert(
      fc.asyncProperty(randomTree, async (after) => {
        const entries = await diff(FileTree.empty, after, candidatesOf(after));
        const { tree } = applyLayer(FileTree.empty, tocOf(entries, after));
        const files = [...after.walk()].filter(({ node }) => !isDirectoryNode(node));
        for (const one of files) {
          for (const other of files) {
            expect(tree.lookup(one.path) === tree.lookup(other.path)).toBe(one.node === other.node);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('applyLayer', () => {
  it('never changes the tree that it starts from, and throws only what it documents', () => {
    fc.assert(
      fc.property(randomTree, foreignEntries, (base, entries) => {
        const before = describeTree(base);
        try {
          const { tree } = applyLayer(base, tocOf(entries));
          const applied = describeTree(tree);
          applyLayer(tree, tocOf([...entries].reverse().filter(({ type }) => type !== 'hardlink')));
          expect(describeTree(tree)).toEqual(applied);
        } catch (error) {
          if (!isBuilderError(error)) throw error;
          expect(error).toMatchObject({ code: 'LAYER_BAD_ENTRY', entry: expect.any(String) });
        }
        expect(describeTree(base)).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives the same tree when a layer is applied twice', async () => {
    await fc.assert(
      fc.asyncProperty(twoTrees, async ({ before, after }) => {
        const toc = tocOf(await diff(before, after, candidatesOf(after)), after);
        const once = applyLayer(before, toc).tree;
        expect(describeTree(applyLayer(once, toc).tree)).toEqual(describeTree(once));
      }),
      RUNS,
    );
  });
});
