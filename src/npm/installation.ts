import { compareTreePaths } from '../core/paths.ts';
import { type BinLink, planBinLinks } from './bin-links.ts';
import type { PackRules } from './git/pack-folder.ts';
import { type LayerEntry, type LayerPlace, layerEntries } from './layer-entries.ts';
import { type PlannedLayer, planLayers } from './layer-plan.ts';
import { loadNpmTree, type TreeOptions } from './load-tree.ts';
import { type FetchedPackage, isFetched, type NpmPackage, type NpmTree } from './npm-tree.ts';
import type { PackageFiles } from './package-files.ts';
import type { ProjectFiles } from './project-files.ts';

/** An installation, planned from a lockfile: nothing of a package has been read. */
export interface Installation {
  readonly tree: NpmTree;
  readonly layers: readonly PlannedLayer[];
  /** Programs that are made executable, by the location of the tarball that has them. */
  readonly programs: ReadonlyMap<string, ReadonlySet<string>>;
  /** How packages from git are packed. */
  readonly packRules: PackRules;
}

export interface InstallationOptions extends TreeOptions {
  readonly binLinks: boolean;
  /** At most so many layers. */
  readonly layerCount: number;
  readonly packRules: PackRules;
}

/** @throws what {@link loadNpmTree} throws */
export async function planInstallation(files: ProjectFiles, options: InstallationOptions): Promise<Installation> {
  const tree = await loadNpmTree(files, options);
  const binLinks = options.binLinks ? planBinLinks(tree.packages) : [];
  const layers = planLayers(tree, binLinks, options.layerCount);
  return { tree, layers, programs: programsOf(binLinks, tree), packRules: options.packRules };
}

/** Where a package's files are: the tarball, and its folder in that. */
interface PackagePlace {
  readonly tarball: FetchedPackage;
  /** With a slash at its end; `''` for the tarball's own package. */
  readonly prefix: string;
}

function placeOf(candidate: NpmPackage, packages: ReadonlyMap<string, NpmPackage>): PackagePlace | undefined {
  if (isFetched(candidate)) return { tarball: candidate, prefix: '' };
  if (candidate.source.kind !== 'bundled') return undefined;
  const bundler = packages.get(candidate.source.bundler);
  if (bundler === undefined || !isFetched(bundler)) return undefined;
  return { tarball: bundler, prefix: `${candidate.location.slice(bundler.location.length + 1)}/` };
}

function byLocation({ packages }: NpmTree): Map<string, NpmPackage> {
  return new Map(packages.map((candidate) => [candidate.location, candidate]));
}

function programsOf(binLinks: readonly BinLink[], tree: NpmTree): Map<string, Set<string>> {
  const packages = byLocation(tree);
  const programs = new Map<string, Set<string>>();
  for (const { owner, program } of binLinks) {
    const place = placeOf(owner, packages);
    if (place === undefined) continue;
    const { location } = place.tarball;
    programs.set(location, (programs.get(location) ?? new Set()).add(`${place.prefix}${program}`));
  }
  return programs;
}

/**
 * What the bytes of a layer depend on, besides its place: each package with its integrity, or its commit and how that is
 * packed, and its programs, links, texts.
 */
export function layerFields(layer: PlannedLayer, { programs, packRules }: Installation): string[] {
  const identityOf = ({ source }: FetchedPackage): string[] =>
    source.kind === 'git' ? [source.resolved, packRules] : [source.integrity];
  return [
    ...layer.packages.map((candidate) => {
      const { location } = candidate;
      return JSON.stringify([location, ...identityOf(candidate), ...(programs.get(location) ?? [])]);
    }),
    ...layer.links.map(({ location, source }) => JSON.stringify([location, source])),
    ...layer.binLinks.map(({ path, link }) => JSON.stringify([path, link])),
    ...[...layer.files].map((file) => JSON.stringify(file)),
  ];
}

export interface LayerReading {
  readonly place: LayerPlace;
  /** Asked for the packages of the layer, in the order of {@link packagesOf}. */
  readonly unpack: (candidate: FetchedPackage) => Promise<PackageFiles>;
  /** Which of its programs a package really has. */
  readonly programsIn: (candidate: FetchedPackage) => Promise<ReadonlySet<string>>;
  /** Whether a file is there below the project's folder. */
  readonly hasProjectFile: (path: string) => boolean;
}

/** The packages of a layer in the order in which they are unpacked: that of the layer's entries. */
export function packagesOf(layer: PlannedLayer): FetchedPackage[] {
  return layer.packages.toSorted((a, b) => compareTreePaths(a.location, b.location));
}

/** The entries of a planned layer. Packages are unpacked as they are needed, each once. */
export async function* readLayer(
  layer: PlannedLayer,
  installation: Installation,
  reading: LayerReading,
): AsyncGenerator<LayerEntry, void> {
  const binLinks = await linksToPrograms(layer, installation, reading);
  const entries = layerEntries({ ...layer, binLinks }, reading.place, installation);
  for (let next = entries.next(); next.done !== true; ) {
    const { value } = next;
    if (value.type === 'wanted') {
      next = entries.next(await reading.unpack(value.candidate));
    } else {
      yield value;
      next = entries.next();
    }
  }
}

/** npm makes no link to a program that is not there. */
async function linksToPrograms(
  { binLinks }: PlannedLayer,
  { tree }: Installation,
  { programsIn, hasProjectFile }: LayerReading,
): Promise<BinLink[]> {
  const packages = byLocation(tree);
  const found: BinLink[] = [];
  for (const link of binLinks) {
    const { owner, program } = link;
    const at = placeOf(owner, packages);
    const isThere =
      owner.source.kind === 'link'
        ? hasProjectFile(`${owner.source.target}/${program}`)
        : at !== undefined && (await programsIn(at.tarball)).has(`${at.prefix}${program}`);
    if (isThere) found.push(link);
  }
  return found;
}
