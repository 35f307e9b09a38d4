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

/** A function each, since a property whose name is a variable takes ten times as long. */
const READ: { readonly [P in Property]: (fields: Fields) => Fields[P] } = {
  path: ({ path }) => path,
  type: ({ type }) => type,
  mode: ({ mode }) => mode,
  uid: ({ uid }) => uid,
  gid: ({ gid }) => gid,
  mtime: ({ mtime }) => mtime,
  size: ({ size }) => size,
  mtimeNanoseconds: ({ mtimeNanoseconds }) => mtimeNanoseconds,
  major: ({ major }) => major,
  minor: ({ minor }) => minor,
  offset: ({ offset }) => offset,
  link: ({ link }) => link,
  xattrs: ({ xattrs }) => xattrs,
  data: ({ data }) => data,
};

const ENTRY_TYPES = new Set(['file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo']);

export function encodeToc({ diffId, size, entries }: Toc): Uint8Array {
  const rows = entries as readonly Fields[];
  const columns: Partial<Record<Property, Column>> = {};
  for (const property of PROPERTIES) {
    const column = toColumn<Fields>(rows, READ[property]);
    if (column !== undefined) columns[property] = column;
  }
  const digests = Buffer.from(rows.map(({ digest }) => (digest === undefined ? '' : hexOf(digest))).join(''), 'hex');
  const undigested: number[] = [];
  rows.forEach(({ digest }, row) => {
    if (digest === undefined) undigested.push(row);
  });
  const stored: StoredToc = {
    ...{ version: VERSION, diffId, size, count: rows.length, columns },
    ...{ digests: digests.toString('base64'), undigested },
  };
  return Buffer.from(JSON.stringify(stored));
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

/** What no check has seen yet. */
function fileEntry(values: Values, row: number, digest: Digest | undefined): TocFileEntry {
  const { path, type, mode, uid, gid, mtime, size } = values;
  const entry: Record<string, unknown> = {
    ...{ path: path[row], type: type[row], mode: mode[row], uid: uid[row], gid: gid[row], mtime: mtime[row] },
    size: size[row],
  };
  if (digest !== undefined) entry.digest = digest;
  for (const property of OPTIONAL) {
    const value = values[property][row];
    if (value !== undefined) entry[property] = value;
  }
  return entry as unknown as TocFileEntry;
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
  return value === '' ? mayBeRoot : !/(?:^|\/)\.{0,2}(?:\/|$)/.test(value);
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
