import { compareTreePaths } from '../core/paths.ts';
import { type BinLink, planBinLinks } from './bin-links.ts';
import { type LayerEntry, type LayerPlace, layerEntries } from './layer-entries.ts';
import { type PlannedLayer, planLayers } from './layer-plan.ts';
import { loadNpmTree, type TreeOptions } from './load-tree.ts';
import { isTarball, type NpmPackage, type NpmTree, type TarballPackage } from './npm-tree.ts';
import type { PackageFiles } from './package-files.ts';
import type { ProjectFiles } from './project-files.ts';

/** An installation, planned from a lockfile: nothing of a package has been read. */
export interface Installation {
  readonly tree: NpmTree;
  readonly layers: readonly PlannedLayer[];
  /** Programs that are made executable, by the location of the tarball that has them. */
  readonly programs: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface InstallationOptions extends TreeOptions {
  readonly binLinks: boolean;
  /** At most so many layers. */
  readonly layerCount: number;
}

/** @throws what {@link loadNpmTree} throws */
export async function planInstallation(files: ProjectFiles, options: InstallationOptions): Promise<Installation> {
  const tree = await loadNpmTree(files, options);
  const binLinks = options.binLinks ? planBinLinks(tree.packages) : [];
  return { tree, layers: planLayers(tree, binLinks, options.layerCount), programs: programsOf(binLinks, tree) };
}

/** Where a package's files are: the tarball, and its folder in that. */
interface PackagePlace {
  readonly tarball: TarballPackage;
  /** With a slash at its end; `''` for the tarball's own package. */
  readonly prefix: string;
}

function placeOf(candidate: NpmPackage, packages: ReadonlyMap<string, NpmPackage>): PackagePlace | undefined {
  if (isTarball(candidate)) return { tarball: candidate, prefix: '' };
  if (candidate.source.kind !== 'bundled') return undefined;
  const bundler = packages.get(candidate.source.bundler);
  if (bundler === undefined || !isTarball(bundler)) return undefined;
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
 * What the bytes of a layer depend on, besides its place: each package with its integrity and its programs, links, texts.
 */
export function layerFields(layer: PlannedLayer, { programs }: Installation): string[] {
  return [
    ...layer.packages.map(({ location, source }) =>
      JSON.stringify([location, source.integrity, ...(programs.get(location) ?? [])]),
    ),
    ...layer.links.map(({ location, source }) => JSON.stringify([location, source])),
    ...layer.binLinks.map(({ path, link }) => JSON.stringify([path, link])),
    ...[...layer.files].map((file) => JSON.stringify(file)),
  ];
}

export interface LayerReading {
  readonly place: LayerPlace;
  /** Asked for the packages of the layer, in the order of {@link packagesOf}. */
  readonly unpack: (candidate: TarballPackage) => Promise<PackageFiles>;
  /** Which of its programs a package really has. */
  readonly programsIn: (candidate: TarballPackage) => Promise<ReadonlySet<string>>;
  /** Whether a file is there below the project's folder. */
  readonly hasProjectFile: (path: string) => boolean;
}

/** The packages of a layer in the order in which they are unpacked: that of the layer's entries. */
export function packagesOf(layer: PlannedLayer): TarballPackage[] {
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
