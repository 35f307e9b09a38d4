import type { PackEntry, WhiteoutEntry } from '../core/toc.ts';
import { type BinLink, planBinLinks } from './bin-links.ts';
import { type LayerPlace, layerEntries } from './layer-entries.ts';
import { type PlannedLayer, planLayers } from './layer-plan.ts';
import { loadNpmTree, type TreeOptions } from './load-tree.ts';
import { isTarball, type NpmPackage, type NpmTree, type TarballPackage } from './npm-tree.ts';
import { unpackPackage } from './package-files.ts';
import type { ProjectFiles } from './project-files.ts';
import type { ReadTarball } from './tarballs.ts';

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
  readonly read: ReadTarball;
  /** Whether a file is there below the project's folder. */
  readonly hasProjectFile: (path: string) => boolean;
}

/** The tarballs that the entries of a layer are made from, or that say which of its links lead to something. */
export function tarballsOf(layer: PlannedLayer, { tree }: Installation): TarballPackage[] {
  const packages = byLocation(tree);
  const owners = layer.binLinks.flatMap(({ owner }) => placeOf(owner, packages)?.tarball ?? []);
  return [...new Set([...layer.packages, ...owners])];
}

/** The entries of a planned layer. Tarballs are read as they are needed. */
export function readLayer(
  layer: PlannedLayer,
  installation: Installation,
  { place, read, hasProjectFile }: LayerReading,
): Iterable<PackEntry | WhiteoutEntry> {
  const packages = byLocation(installation.tree);
  const names = new Map<string, ReadonlySet<string>>();
  const exists = ({ owner, program }: BinLink): boolean => {
    if (owner.source.kind === 'link') return hasProjectFile(`${owner.source.target}/${program}`);
    const at = placeOf(owner, packages);
    if (at === undefined) return false;
    const { location } = at.tarball;
    const files = names.get(location) ?? new Set(unpackPackage(read(at.tarball), location).keys());
    names.set(location, files);
    return files.has(`${at.prefix}${program}`);
  };
  const binLinks = layer.binLinks.filter(exists);
  return layerEntries({ ...layer, binLinks }, place, { read, programs: installation.programs });
}
