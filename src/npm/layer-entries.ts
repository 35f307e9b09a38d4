import { compareBytes, joinPath } from '../core/paths.ts';
import { FIXED_TIME } from '../core/time.ts';
import type { Metadata, PackEntry, WhiteoutEntry } from '../core/toc.ts';
import type { BinLink } from './bin-links.ts';
import type { FetchedPackage, NpmPackage } from './npm-tree.ts';
import type { PackageFile, PackageFiles } from './package-files.ts';
import { makeProgram } from './program.ts';

export type Attributes = Pick<Metadata, 'mode' | 'uid' | 'gid'>;

/** What one layer of an installation holds, and where it goes. */
export interface LayerContent {
  readonly packages: readonly FetchedPackage[];
  /** Links to folders of the project. */
  readonly links: readonly NpmPackage[];
  readonly binLinks: readonly BinLink[];
  /** Texts by their path below the project. */
  readonly files: ReadonlyMap<string, string>;
}

export interface LayerPlace {
  /** The project's folder in the image; `''` is the root. */
  readonly folder: string;
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Attributes of a directory that is there already; paths are those of the image. */
  readonly existing: (path: string) => Attributes | undefined;
  /** `node_modules` folders of the image whose content goes, as `npm ci` has it. */
  readonly emptied: readonly string[];
}

/** Asked for before the entries that are made of it; the answer is its files. */
export interface WantedPackage {
  readonly type: 'wanted';
  readonly candidate: FetchedPackage;
}

export type LayerEntry = PackEntry | WhiteoutEntry;

/** Entries, and questions that `next` answers. */
export type Entries = Generator<LayerEntry | WantedPackage, void, PackageFiles | undefined>;

export interface EntrySources {
  /** Programs of a package, by the location of its tarball, which are made executable. */
  readonly programs: ReadonlyMap<string, ReadonlySet<string>>;
}

interface Folder {
  readonly children: Map<string, Folder | Leaf>;
  tarball?: FetchedPackage;
}

type Leaf = { readonly kind: 'link'; readonly text: string } | ({ readonly kind: 'file' } & PackageFile);

/**
 * The entries of a layer, in its order. Packages are asked for one at a time, when their turn comes, so that memory holds
 * the content of one package (and of those that it is nested in), not of all.
 */
export function* layerEntries(content: LayerContent, place: LayerPlace, sources: EntrySources): Entries {
  const root = newFolder();
  for (const candidate of content.packages) folderAt(root, inImage(place, candidate.location)).tarball = candidate;
  for (const link of content.links) put(root, inImage(place, link.location), { kind: 'link', text: linkText(link) });
  for (const { path, link } of content.binLinks) put(root, inImage(place, path), { kind: 'link', text: link });
  for (const [path, text] of content.files) put(root, inImage(place, path), textLeaf(text));
  for (const path of place.emptied) folderAt(root, path);
  yield* new EntryWriter(place, sources).below(root, '');
}

function inImage({ folder }: LayerPlace, path: string): string {
  return joinPath(folder, path);
}

function newFolder(): Folder {
  return { children: new Map() };
}

function folderAt(root: Folder, path: string): Folder {
  let folder = root;
  for (const name of path === '' ? [] : path.split('/')) {
    const child = folder.children.get(name);
    const next = child === undefined || 'kind' in child ? newFolder() : child;
    folder.children.set(name, next);
    folder = next;
  }
  return folder;
}

function put(root: Folder, path: string, leaf: Leaf): void {
  const slash = path.lastIndexOf('/');
  folderAt(root, path.slice(0, Math.max(slash, 0))).children.set(path.slice(slash + 1), leaf);
}

function textLeaf(text: string): Leaf {
  const bytes = Buffer.from(text);
  return { kind: 'file', mode: 0o644, size: bytes.length, content: { kind: 'bytes', bytes } };
}

/** From the folder of the link to its target, both below the project. */
function linkText({ location, source }: NpmPackage): string {
  if (source.kind !== 'link') throw new TypeError(`${location} is not a link`);
  const up = location
    .split('/')
    .slice(1)
    .map(() => '..');
  return [...up, ...source.target.split('/')].filter((part) => part !== '').join('/');
}

class EntryWriter {
  readonly #place: LayerPlace;
  readonly #sources: EntrySources;

  constructor(place: LayerPlace, sources: EntrySources) {
    this.#place = place;
    this.#sources = sources;
  }

  *below(folder: Folder, path: string): Entries {
    const { tarball } = folder;
    const files = tarball === undefined ? undefined : yield { type: 'wanted', candidate: tarball };
    const content = tarball === undefined ? folder : merged(this.#filesOf(tarball, files ?? new Map()), folder);
    for (const name of [...content.children.keys()].sort(compareBytes)) {
      const child = content.children.get(name);
      const at = joinPath(path, name);
      if (child === undefined) continue;
      if ('kind' in child) yield this.#leaf(at, child);
      else yield* this.#directory(child, at);
    }
  }

  *#directory(folder: Folder, path: string): Entries {
    const attributes = this.#place.existing(path) ?? { mode: 0o755, ...this.#place.owner };
    yield { path, type: 'directory', ...attributes, mtime: FIXED_TIME, size: 0 };
    if (this.#place.emptied.includes(path)) yield { path, type: 'opaque' };
    yield* this.below(folder, path);
  }

  #leaf(path: string, leaf: Leaf): PackEntry {
    const common = { path, ...this.#place.owner, mtime: FIXED_TIME };
    if (leaf.kind === 'link') return { ...common, type: 'symlink', mode: 0o777, size: 0, link: leaf.text };
    const { mode, size, content } = leaf;
    return { ...common, type: 'file', mode, size, ...(content !== undefined && { source: content }) };
  }

  #filesOf({ location }: FetchedPackage, files: PackageFiles): Folder {
    for (const program of this.#sources.programs.get(location) ?? []) makeProgram(files, program);
    const root = newFolder();
    for (const [path, file] of files) put(root, path, { kind: 'file', ...file });
    return root;
  }
}

/** Packages that are nested in another one lie over what its own tarball has there. */
function merged(content: Folder, overlay: Folder): Folder {
  for (const [name, child] of overlay.children) {
    const below = content.children.get(name);
    const isFolder = below !== undefined && !('kind' in below) && !('kind' in child) && child.tarball === undefined;
    content.children.set(name, isFolder ? merged(below, child) : child);
  }
  return content;
}
