import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceKeyFields, targetKeyFields } from '../../../src/build/copy/key-fields.ts';
import type { CopyRequest } from '../../../src/build/copy/request.ts';
import { isBuilderError } from '../../../src/core/errors.ts';
import { compareTreePaths, parentPath } from '../../../src/core/paths.ts';
import type { TreeNode } from '../../../src/core/tree.ts';
import { dir, file, symlink, tree } from '../../support/trees.ts';
import { copy, type MadePlan } from './copy-request.ts';

const name = fc.constantFrom('a', 'b', 'a.b', 'ä', '😀');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const shared = file('shared');
const node = fc.oneof(
  fc.constantFrom(file('1'), file('2', { mode: 0o755 }), shared, dir({ mode: 0o700 })),
  path.chain((to) => fc.constantFrom(symlink(to), symlink(`/${to}`), symlink(`../${to}`))),
);

/** Nodes by path; below a path that is no directory there is nothing. */
const nodes = fc.dictionary(path, node, { maxKeys: 8 }).map((all) => {
  const isInside = (at: string): boolean =>
    at !== '' && ((all[at] !== undefined && all[at].type !== 'directory') || isInside(parentPath(at)));
  return Object.fromEntries(Object.entries(all).filter(([at]) => !isInside(parentPath(at))));
});

const request = fc.record({
  source: nodes,
  destination: nodes,
  sources: fc.array(fc.oneof(path, fc.constantFrom('.', '*', 'a*', '*/*', '[ab]', '**')), {
    minLength: 1,
    maxLength: 3,
  }),
  to: fc.tuple(path, fc.constantFrom('', '/', '/.', '/x')).map(([at, end]) => `/${at}${end}`),
  exclude: fc.array(fc.constantFrom('a', '**/b', '!a/b', '*'), { maxLength: 2 }),
  parents: fc.boolean(),
  link: fc.boolean(),
  chmod: fc.constantFrom(undefined, '600', 'a+x'),
});

type Generated = typeof request extends fc.Arbitrary<infer T> ? T : never;
type Nodes = Record<string, TreeNode>;

function planOf(generated: Generated, order?: (a: string, b: string) => number): MadePlan | string {
  const asTree = (all: Nodes) => tree(all, order);
  const { source, destination, ...options } = generated;
  const complete: Partial<CopyRequest> = { ...options, source: asTree(source), destination: asTree(destination) };
  try {
    return copy(complete);
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    return error.code;
  }
}

describe('a plan', () => {
  it('does not depend on the order of directory listings', () => {
    fc.assert(
      fc.property(request, (generated) => {
        const backwards = planOf(generated, (a, b) => (a < b ? 1 : -1));
        expect(backwards).toEqual(planOf(generated));
      }),
      { numRuns: 500 },
    );
  });

  it('has sorted, unique entries, each after its parent directory', () => {
    fc.assert(
      fc.property(request, (generated) => {
        const plan = planOf(generated);
        if (typeof plan === 'string') return;
        const paths = plan.entries.map((entry) => entry.path);
        expect(paths).toEqual([...new Set(paths)].sort(compareTreePaths));
        const directories = new Set(['']);
        for (const entry of plan.entries) {
          expect(directories).toContain(parentPath(entry.path));
          if (entry.type === 'directory') directories.add(entry.path);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has hard links to earlier files only', () => {
    fc.assert(
      fc.property(request, (generated) => {
        const plan = planOf(generated);
        if (typeof plan === 'string') return;
        const files = new Set<string>();
        for (const { type, path: at, link } of plan.entries) {
          if (type === 'file') files.add(at);
          if (type === 'hardlink') expect(files).toContain(link);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is equal when its key fields are, whatever else is in the destination', () => {
    fc.assert(
      fc.property(request, nodes, (generated, other) => {
        const [first, second] = [planOf(generated), planOf({ ...generated, destination: other })];
        if (typeof first === 'string' || typeof second === 'string') return;
        const [a, b] = [first, second].map(({ selection, target }) => [
          sourceKeyFields(selection, () => undefined),
          targetKeyFields(target),
        ]);
        if (JSON.stringify(a) === JSON.stringify(b)) expect(second.entries).toEqual(first.entries);
      }),
      { numRuns: 1000 },
    );
  });
});
