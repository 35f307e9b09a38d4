import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openDirectoryContext } from '../../src/context/directory-context.ts';
import { hashFiles } from '../../src/context/hash-files.ts';
import { toDiffId } from '../../src/core/digest.ts';
import { compileIgnore } from '../../src/core/ignore.ts';
import { compareTreePaths, joinPath } from '../../src/core/paths.ts';
import type { Toc, TocFileEntry } from '../../src/core/toc.ts';
import type { Tree, TreeNode } from '../../src/core/tree.ts';
import { digestOf } from '../../src/io/hash.ts';
import { decodeToc, encodeToc } from '../../src/layers/toc-codec.ts';
import { applyLayer } from '../../src/rootfs/apply-layer.ts';
import { FileTree } from '../../src/rootfs/file-tree.ts';
import { quote } from '../measure/measure.ts';
import type { Counterpart, MicroCase, MicroInputs } from './micro-case.ts';

/** Walking and hashing a folder, matching ignore patterns, and the tree of a large layer. */
export function treeCases({ files, size }: MicroInputs): MicroCase[] {
  const paths = [...nodesOf(openDirectoryContext(files))].length;
  const walked = { what: `${paths} paths`, amount: paths, unit: 'paths' } as const;
  return [
    {
      ...{ ...walked, name: 'walk', run: () => [...nodesOf(openDirectoryContext(files))] },
      counterpart: beside('find -printf', `find ${quote(files)} -printf '%p %y %s %m %T@ %C@ %i\\n'`),
    },
    {
      ...{ ...walked, name: 'walk and hash', run: () => hashFiles(nodesOf(openDirectoryContext(files))) },
      counterpart: beside('find | sha256sum', `find ${quote(files)} -type f -print0 | xargs -0 sha256sum`),
    },
    matchCase(size(100_000)),
    ...layerTreeCases(size(200_000)),
  ];
}

function beside(name: string, script: string): Counterpart {
  return { name, needs: ['find'], script: `${script} > /dev/null` };
}

function* nodesOf(tree: Tree, path = ''): Generator<TreeNode> {
  for (const name of tree.list(path)) {
    const below = joinPath(path, name);
    const node = tree.lookup(below);
    if (node === undefined) continue;
    yield node;
    if (node.type === 'directory') yield* nodesOf(tree, below);
  }
}

/** What an ordinary ignore file of a Node project says. */
const PATTERNS = [
  ...['node_modules', '**/node_modules', '.git', '**/.DS_Store', '**/*.log', 'dist', 'build', 'coverage', '.env*'],
  ...[
    '**/*.test.ts',
    '**/__snapshots__',
    'docs/**/*.md',
    '!docs/api/**',
    '*.swp',
    'tmp/?',
    'packages/*/dist',
    '!README.md',
  ],
];

function matchCase(count: number): MicroCase {
  const paths = pathsOf(count);
  return {
    name: 'match ignore patterns',
    what: `${count} paths, ${PATTERNS.length} patterns`,
    amount: count,
    unit: 'paths',
    run: () => {
      const matcher = compileIgnore(PATTERNS);
      return paths.filter((path) => matcher.ignores(path)).length;
    },
  };
}

/** A layer of many files: its table of contents written and read, laid over nothing, and asked for one path and for all. */
function layerTreeCases(count: number): MicroCase[] {
  const toc = tocOf(count);
  const amount = toc.entries.length;
  const bytes = encodeToc(toc);
  const applied = (): FileTree => applyLayer(FileTree.empty, decodeToc(Buffer.from(bytes))).tree;
  const opened = decodeToc(bytes);
  const [middle = ''] = pathsOf(count).slice(count / 2);
  const common = { what: `${amount} paths`, amount, unit: 'paths' } as const;
  const perPath = (make: () => unknown) => (): string => `${Math.round(memoryOf(make) / amount)} bytes for each path`;
  return [
    { ...common, name: 'write a table of contents', run: () => encodeToc(toc) },
    { ...common, name: 'open a table of contents', run: () => decodeToc(bytes), note: perPath(applied) },
    { ...common, name: 'apply a layer', run: () => applyLayer(FileTree.empty, opened) },
    { ...common, name: 'open, apply, look a path up', run: () => applied().lookup(middle) },
    {
      ...common,
      name: 'open, apply, walk all',
      run: () => [...applied().walk()],
      note: perPath(() => walked(applied())),
    },
  ];
}

function walked(tree: FileTree): FileTree {
  for (const _ of tree.walk());
  return tree;
}

/** Bytes of heap and of buffers that a result holds on to. */
function memoryOf(make: () => unknown): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    // Once more, for the buffers of what the first has found.
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  const kept = [make()];
  return kept.length * (used() - before);
}

function pathsOf(count: number): string[] {
  const path = (i: number): string => `packages/p${i % 40}/src/m${Math.floor(i / 40) % 50}/file-${i}.ts`;
  return Array.from({ length: count }, (_, i) => path(i));
}

function tocOf(files: number): Toc {
  const metadata = { mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 };
  const paths = pathsOf(files);
  const folders = new Set(paths.flatMap(parentsOf));
  const entries: TocFileEntry[] = [...folders, ...paths].sort(compareTreePaths).map((path, offset) => ({
    ...{ ...metadata, path, type: folders.has(path) ? 'directory' : 'file' },
    ...(!folders.has(path) && { size: 1, offset: offset * 1024, digest: digestOf(Buffer.from(path)) }),
  }));
  return { version: 1, diffId: toDiffId(digestOf(Buffer.from('layer'))), size: 0, entries };
}

function parentsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, i) => names.slice(0, i + 1).join('/'));
}
