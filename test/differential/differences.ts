import { isDeepStrictEqual } from 'node:util';
import type { ImagePath, ReadImage } from '../support/image-tree.ts';

/** What two images have at one place; a side that has nothing there is absent. */
export interface Difference {
  readonly at: string;
  readonly lamella?: unknown;
  readonly theirs?: unknown;
}

export interface Comparison {
  readonly lamella: ReadImage;
  readonly theirs: ReadImage;
  /** Whether they write history by the same rules. */
  readonly history: boolean;
  /** Times from here on, in seconds, are the clock's. */
  readonly started: number;
}

/**
 * What belongs to a run and not to the image: builders differ in which stubs of these they leave, and in what the
 * kernel shows there (section 10).
 */
const LEFT_OUT = /^\/(dev|proc|sys|run\/\.containerenv|etc\/(hosts|resolv\.conf|hostname|mtab))(\/|$)/;

/** All differences, in the order of their places. */
export function findDifferences(comparison: Comparison): readonly Difference[] {
  const { lamella, theirs, history } = comparison;
  const places: Array<[at: string, ours: unknown, theirs: unknown]> = [
    ...fields('config', comparableConfig(lamella), comparableConfig(theirs)),
    ...(history ? fields('history', comparableHistory(lamella), comparableHistory(theirs)) : []),
    ...fields('', comparablePaths(lamella, comparison), comparablePaths(theirs, comparison)),
  ];
  return places
    .filter(([, a, b]) => !isDeepStrictEqual(a, b))
    .map(([at, a, b]) => ({ at, ...(a !== undefined && { lamella: a }), ...(b !== undefined && { theirs: b }) }));
}

type Fields = Readonly<Record<string, unknown>>;

function fields(prefix: string, a: Fields, b: Fields): Array<[string, unknown, unknown]> {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return keys.map((key) => [prefix === '' ? key : `${prefix} ${key}`, a[key], b[key]]);
}

/** Without empty fields, which a reader cannot tell from absent ones; `/` is the default of WorkingDir. */
function comparableConfig(image: ReadImage): Fields {
  const { os, architecture, variant, author, config } = image.config;
  const all = Object.entries({ os, architecture, variant, author, ...config });
  return Object.fromEntries(all.filter(([key, value]) => !isEmpty(value) && !(key === 'WorkingDir' && value === '/')));
}

function isEmpty(value: unknown): boolean {
  return !value || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** `created_by` of each item, marked when it has no layer; `layers` is their number. */
function comparableHistory(image: ReadImage): Fields {
  const items: { created_by: string; empty_layer?: boolean }[] = image.config.history;
  const lines = items.map(({ created_by, empty_layer }, at) => [
    String(at).padStart(2, '0'),
    `${created_by}${empty_layer ? ' (empty)' : ''}`,
  ]);
  return { ...Object.fromEntries(lines), layers: image.manifest.layers.length };
}

/** One field for each path, and one for each property that differs between files of the same type and content. */
function comparablePaths(image: ReadImage, { started }: Comparison): Fields {
  const groups = hardLinks(image.paths);
  const described = [...image.paths]
    .filter(([path]) => !LEFT_OUT.test(path))
    .map(([path, found]) => [path, describePath(found, started, groups.get(found.inode ?? path))]);
  return Object.fromEntries(described);
}

function describePath(found: ImagePath, started: number, names: readonly string[] | undefined): string {
  const { type, mode, uid, gid, size, sha256, link, device, mtime, xattrs } = found;
  const isOld = type !== 'dir' && mtime !== undefined && mtime < started;
  const capability = xattrs?.['SCHILY.xattr.security.capability'];
  const parts = [
    type,
    ...(type === 'symlink' ? [`-> ${link}`] : [mode]),
    `${uid}:${gid}`,
    ...(type === 'file' ? [`${size} bytes`, sha256?.slice(0, 12)] : []),
    ...(device === undefined ? [] : [device]),
    ...(isOld ? [`of ${new Date(Math.floor(mtime) * 1000).toISOString().slice(0, 19)}`] : []),
    ...(capability === undefined ? [] : [`capability ${Buffer.from(capability).toString('hex')}`]),
    ...(names === undefined || names.length < 2 ? [] : [`= ${names.join(' ')}`]),
  ];
  return parts.join(' ');
}

/** Names of each file, by its inode. */
function hardLinks(paths: ReadImage['paths']): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [path, { inode = path }] of paths) groups.set(inode, [...(groups.get(inode) ?? []), path].sort());
  return groups;
}
