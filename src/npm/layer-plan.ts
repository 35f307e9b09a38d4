import { createHash } from 'node:crypto';
import type { BinLink } from './bin-links.ts';
import type { LayerContent } from './layer-entries.ts';
import { type FetchedPackage, isFetched, type NpmTree } from './npm-tree.ts';

/** A layer of an installation, before anything is read. */
export interface PlannedLayer extends LayerContent {
  /** What it holds, for people. */
  readonly title: string;
}

export const DEFAULT_NPM_LAYERS = 3;

/**
 * Divides an installation into at most `count` layers, by how often they change, rarest first: packages that other
 * packages ask for, in groups; packages that the project itself asks for; links and the hidden lockfile, which change with
 * every update but are small. Where a package goes is decided by its name alone, never by its version or by an earlier
 * build: an update leaves the other layers as they are, on every machine.
 */
export function planLayers(tree: NpmTree, binLinks: readonly BinLink[], count: number): PlannedLayer[] {
  const packages = tree.packages.filter(isFetched);
  const rest = {
    links: tree.packages.filter(({ source }) => source.kind === 'link'),
    binLinks,
    files: new Map([['node_modules/.package-lock.json', tree.hiddenLockfile]]),
  };
  if (count <= 1) return [{ title: 'all packages', packages, ...rest }];
  const groups = groupPackages(packages, count - 1).filter((group) => group.packages.length > 0);
  const nothing = { links: [], binLinks: [], files: new Map<string, string>() };
  return [
    ...groups.map((group) => ({ ...group, ...nothing })),
    { title: 'links and the lockfile', packages: [], ...rest },
  ];
}

interface Group {
  readonly title: string;
  readonly packages: readonly FetchedPackage[];
}

function groupPackages(packages: readonly FetchedPackage[], count: number): Group[] {
  if (count === 1) return [{ title: 'packages', packages }];
  const direct = packages.filter(({ isDirect }) => isDirect);
  const indirect = packages.filter(({ isDirect }) => !isDirect);
  const buckets = Array.from({ length: count - 1 }, (_, index) => ({
    title: count === 2 ? 'packages that others need' : `packages that others need, group ${index + 1}`,
    packages: indirect.filter(({ name }) => bucketOf(name, count - 1) === index),
  }));
  return [...buckets, { title: 'packages that the project asks for', packages: direct }];
}

function bucketOf(name: string, count: number): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) % count;
}
