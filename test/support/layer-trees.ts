import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { compareBytes, joinPath } from '../../src/core/paths.ts';
import type { PackEntry } from '../../src/core/toc.ts';
import { digestOf } from '../../src/io/hash.ts';
import { noiseBytes, textBytes } from './bytes.ts';
import { fileName } from './tar-headers.ts';

/** A random tree before it has an order: children by name. */
interface Folder {
  readonly metadata: { readonly mode: number; readonly mtime: number };
  readonly children: ReadonlyMap<string, Folder | Leaf>;
}

interface Leaf {
  readonly metadata: { readonly mode: number; readonly mtime: number };
  readonly kind: 'file' | 'symlink' | 'hardlink';
  readonly size: number;
  readonly seed: number;
}

const metadata = fc.record({ mode: fc.nat(0o7777).map((mode) => mode | 0o700), mtime: fc.nat(2 ** 31) });
const leaf: fc.Arbitrary<Leaf> = fc.record({
  metadata,
  kind: fc.constantFrom('file', 'file', 'file', 'symlink', 'hardlink'),
  size: fc.oneof(fc.nat(2000), fc.constantFrom(0, 511, 512, 513, 262144 - 512, 262144, 300_000)),
  seed: fc.nat(1000),
});

const { folder } = fc.letrec<{ folder: Folder; child: Folder | Leaf }>((tie) => ({
  folder: fc.record({
    metadata,
    children: fc
      .uniqueArray(fc.tuple(fileName, tie('child')), {
        maxLength: 4,
        selector: ([name]) => name.toLowerCase().normalize(),
      })
      .map((children) => new Map(children.filter(([name]) => !name.startsWith('.wh.')))),
  }),
  child: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('folder')),
}));

/** Entries of a random tree in the order of a layer; hard links name earlier files. */
export const layerEntries: fc.Arbitrary<readonly PackEntry[]> = folder.map((root) => {
  const entries: PackEntry[] = [];
  addChildren(entries, '', root);
  return entries;
});

function addChildren(entries: PackEntry[], parent: string, { children }: Folder): void {
  for (const name of [...children.keys()].sort(compareBytes)) {
    const child = children.get(name);
    if (child === undefined) continue;
    const path = joinPath(parent, name);
    if ('children' in child) {
      entries.push({ ...child.metadata, path, type: 'directory', uid: 0, gid: 0, size: 0 });
      addChildren(entries, path, child);
    } else {
      entries.push(leafEntry(path, child, entries));
    }
  }
}

function leafEntry(
  path: string,
  { metadata: { mode, mtime }, kind, size, seed }: Leaf,
  before: readonly PackEntry[],
): PackEntry {
  const common = { path, mode, mtime, uid: 0, gid: 0, size: 0 };
  const target = before.findLast((entry) => entry.type === 'file');
  if (kind === 'symlink') return { ...common, type: 'symlink', mode: 0o777, link: `../target-${seed}` };
  if (kind === 'hardlink' && target !== undefined) {
    return { ...common, type: 'hardlink', mode: target.mode, mtime: target.mtime, link: target.path };
  }
  const bytes = seed % 2 === 0 ? textBytes(size, seed + 1) : noiseBytes(size, seed);
  return { ...common, type: 'file', size, ...(size > 0 && { source: { kind: 'bytes', bytes } }) };
}

/** What a directory holds, comparable with {@link describeEntries}. */
export function describeDirectory(root: string, path = ''): Record<string, unknown>[] {
  return readdirSync(join(root, path))
    .sort(compareBytes)
    .flatMap((name) => {
      const inner = joinPath(path, name);
      const hostPath = join(root, inner);
      const found = lstatSync(hostPath);
      const common = { path: inner, mtime: found.mtimeMs / 1000 };
      if (found.isSymbolicLink()) return [{ ...common, link: readlinkSync(hostPath) }];
      const own = { ...common, mode: found.mode & 0o7777 };
      if (found.isDirectory()) return [{ ...own, type: 'directory' }, ...describeDirectory(root, inner)];
      return [{ ...own, digest: digestOf(readFileSync(hostPath)), links: found.nlink }];
    });
}

export function describeEntries(entries: readonly PackEntry[]): Record<string, unknown>[] {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const linksOf = (path: string): number =>
    1 + entries.filter((entry) => entry.link === path && entry.type === 'hardlink').length;
  return entries.map(({ path, type, mode, mtime, link, ...entry }) => {
    if (type === 'symlink') return { path, mtime, link };
    if (type === 'directory') return { path, mtime, mode, type };
    const { source } = type === 'hardlink' ? (byPath.get(link ?? '') ?? entry) : entry;
    const bytes = source?.kind === 'bytes' ? source.bytes : new Uint8Array(0);
    return { path, mtime, mode, digest: digestOf(bytes), links: linksOf(type === 'hardlink' ? (link ?? '') : path) };
  });
}
