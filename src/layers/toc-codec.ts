import { type DiffId, type Digest, hexOf, isDigest, toDiffId, toDigest } from '../core/digest.ts';
import { LayerError } from '../core/errors.ts';
import { isWhiteout, type Toc, type TocEntry, type TocFileEntry } from '../core/toc.ts';
import { type Column, toColumn, valuesOf } from './columns.ts';

/** How a table of contents is stored: JSON, one column per property of the entries. */
interface StoredToc {
  readonly version: typeof VERSION;
  readonly diffId: string;
  readonly size: number;
  readonly count: number;
  readonly columns: Readonly<Partial<Record<Property, Column>>>;
  /** The digests one after another, 32 bytes each, in base64, and the rows that have none. */
  readonly digests: string;
  readonly undigested: readonly number[];
}

const VERSION = 2;
const DIGEST_BYTES = 32;

const NUMBERS = ['mode', 'uid', 'gid', 'mtime', 'size'] as const;
const OPTIONAL_NUMBERS = ['mtimeNanoseconds', 'major', 'minor', 'offset'] as const;
const OPTIONAL = [...OPTIONAL_NUMBERS, 'link', 'xattrs', 'data'] as const;
/** In this order, so that equal tables have equal bytes. */
const PROPERTIES = ['path', 'type', ...NUMBERS, ...OPTIONAL] as const;
type Property = (typeof PROPERTIES)[number];
type Fields = Partial<TocFileEntry>;
type Values = Readonly<Record<Property, readonly unknown[]>>;

const ENTRY_TYPES = new Set(['file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo']);

export function encodeToc({ diffId, size, entries }: Toc): Uint8Array {
  const rows = entries as readonly Fields[];
  const values = toValues(rows);
  const columns: Partial<Record<Property, Column>> = {};
  for (const property of PROPERTIES) {
    const column = toColumn(values[property]);
    if (column !== undefined) columns[property] = column;
  }
  const undigested: number[] = [];
  const digests = Buffer.alloc(rows.length * DIGEST_BYTES);
  let end = 0;
  rows.forEach(({ digest }, row) => {
    if (digest === undefined) undigested.push(row);
    else end += digests.write(hexOf(digest), end, 'hex');
  });
  const stored: StoredToc = {
    ...{ version: VERSION, diffId, size, count: rows.length, columns },
    ...{ digests: digests.toString('base64', 0, end), undigested },
  };
  return Buffer.from(JSON.stringify(stored));
}

/** In one pass, each property by its name: one whose name is a variable takes ten times as long. */
function toValues(rows: readonly Fields[]): Record<Property, unknown[]> {
  const values = Object.fromEntries(
    PROPERTIES.map((property) => [property, new Array<unknown>(rows.length)]),
  ) as Record<Property, unknown[]>;
  const { path, type, mode, uid, gid, mtime, size } = values;
  const { mtimeNanoseconds, major, minor, offset, link, xattrs, data } = values;
  rows.forEach((row, at) => {
    path[at] = row.path;
    type[at] = row.type;
    mode[at] = row.mode;
    uid[at] = row.uid;
    gid[at] = row.gid;
    mtime[at] = row.mtime;
    size[at] = row.size;
    mtimeNanoseconds[at] = row.mtimeNanoseconds;
    major[at] = row.major;
    minor[at] = row.minor;
    offset[at] = row.offset;
    link[at] = row.link;
    xattrs[at] = row.xattrs;
    data[at] = row.data;
  });
  return values;
}

/**
 * Reads what {@link encodeToc} wrote, from a place that need not be trusted: entries that do not name a path inside the
 * root are refused.
 * @throws LayerError `LAYER_TOC_INVALID`
 */
export function decodeToc(bytes: Uint8Array): Toc {
  const stored = parse(bytes);
  const values = stored && isHead(stored) ? columnValues(stored) : undefined;
  const digests = stored && values && digestsOf(stored);
  if (stored === undefined || values === undefined || digests === undefined) {
    throw invalid(`it is no table of contents of version ${VERSION}`);
  }
  const diffId: DiffId = toDiffId(stored.diffId);
  const entries = Array.from({ length: stored.count }, (_, row) => toEntry(values, row, digests[row]));
  return { version: 1, diffId, size: stored.size, entries };
}

function parse(bytes: Uint8Array): StoredToc | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as StoredToc) : undefined;
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
}

/** Each row needs its path in the text, so that no small text claims many rows. */
function isHead({ version, diffId, size, count, columns, digests, undigested }: StoredToc): boolean {
  if (version !== VERSION || !isDigest(diffId) || !isNatural(size) || !isNatural(count)) return false;
  if (typeof columns !== 'object' || typeof digests !== 'string' || !Array.isArray(undigested)) return false;
  const { path } = columns;
  return path === undefined ? count === 0 : 'lines' in path || 'all' in path || count <= 1;
}

function columnValues({ columns, count }: StoredToc): Values | undefined {
  const path = valuesOf(columns.path, count);
  if (path === undefined) return undefined;
  const values = PROPERTIES.map((property) => [property, valuesOf(columns[property], count)] as const);
  if (values.some(([, column]) => column === undefined)) return undefined;
  const found = Object.fromEntries(values) as Values;
  const areNumbers =
    NUMBERS.every((name) => found[name].every((value) => value === undefined || Number.isSafeInteger(value))) &&
    OPTIONAL_NUMBERS.every((name) => found[name].every((value) => value === undefined || isNatural(value)));
  return areNumbers ? found : undefined;
}

/** By row; `undefined` when there are too few or too many. */
function digestsOf({ digests, undigested, count }: StoredToc): readonly (Digest | undefined)[] | undefined {
  const without = new Set(undigested);
  const hex = Buffer.from(digests, 'base64').toString('hex');
  if (hex.length !== 2 * DIGEST_BYTES * (count - without.size)) return undefined;
  const found: (Digest | undefined)[] = [];
  for (let row = 0, at = 0; row < count; row++) {
    const end = without.has(row) ? at : at + 2 * DIGEST_BYTES;
    found.push(end === at ? undefined : toDigest(hex.slice(at, end)));
    at = end;
  }
  return found;
}

function toEntry(values: Values, row: number, digest: Digest | undefined): TocEntry {
  const path = values.path[row];
  const type = values.type[row];
  if (!isPath(path, type === 'opaque')) throw invalid(`bad path ${JSON.stringify(path)}`);
  const marker = { path, type } as TocEntry;
  if (isWhiteout(marker)) return marker;
  const entry = fileEntry(values, row, digest);
  if (!isEntry(entry)) throw invalid(`bad entry ${JSON.stringify(path)}`);
  return entry;
}

type Draft = { -readonly [P in keyof TocFileEntry]: TocFileEntry[P] };

/** What no check has seen yet. */
function fileEntry(values: Values, row: number, digest: Digest | undefined): TocFileEntry {
  const { path, type, mode, uid, gid, mtime, size } = values;
  const entry = {
    ...{ path: path[row], type: type[row], mode: mode[row], uid: uid[row], gid: gid[row], mtime: mtime[row] },
    size: size[row],
  } as Draft;
  if (digest !== undefined) entry.digest = digest;
  addOptional(entry, values as unknown as TypedColumns, row);
  return entry;
}

type TypedColumns = { readonly [P in (typeof OPTIONAL)[number]]: readonly TocFileEntry[P][] };

/** Each by its name: one whose name is a variable takes ten times as long. */
function addOptional(entry: Draft, columns: TypedColumns, row: number): void {
  const mtimeNanoseconds = columns.mtimeNanoseconds[row];
  const major = columns.major[row];
  const minor = columns.minor[row];
  const offset = columns.offset[row];
  const link = columns.link[row];
  const xattrs = columns.xattrs[row];
  const data = columns.data[row];
  if (mtimeNanoseconds !== undefined) entry.mtimeNanoseconds = mtimeNanoseconds;
  if (major !== undefined) entry.major = major;
  if (minor !== undefined) entry.minor = minor;
  if (offset !== undefined) entry.offset = offset;
  if (link !== undefined) entry.link = link;
  if (xattrs !== undefined) entry.xattrs = xattrs;
  if (data !== undefined) entry.data = data;
}

function isEntry(entry: TocFileEntry): boolean {
  const { type, mode, uid, gid, mtime, size, data } = entry;
  const isWhole = mode !== undefined && uid !== undefined && gid !== undefined && mtime !== undefined && size >= 0;
  return isWhole && ENTRY_TYPES.has(type) && (data === undefined || typeof data === 'string') && isLinked(entry);
}

function isLinked({ type, link, xattrs }: TocFileEntry): boolean {
  if (xattrs !== undefined && !isXattrs(xattrs)) return false;
  if (type === 'hardlink') return isPath(link, false);
  return type === 'symlink' ? typeof link === 'string' : link === undefined;
}

function isXattrs(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');
}

function isPath(value: unknown, mayBeRoot: boolean): value is string {
  if (typeof value !== 'string') return false;
  if (value === '') return mayBeRoot;
  // What has none of these, as nearly all paths, need not be looked at closely.
  const isSuspect = value.startsWith('.') || value.startsWith('/') || value.endsWith('/') || /\/[./]/.test(value);
  return !isSuspect || !/(?:^|\/)\.{0,2}(?:\/|$)/.test(value);
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function invalid(why: string, cause?: unknown): LayerError {
  return new LayerError('LAYER_TOC_INVALID', `damaged table of contents: ${why}`, {
    hint: 'it was altered or comes from another version; build without that cache',
    cause,
  });
}
