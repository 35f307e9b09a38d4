import { type DiffId, type Digest, hexOf, isDigest, toDiffId, toDigest } from '../core/digest.ts';
import { LayerError } from '../core/errors.ts';
import type { Toc, TocEntry } from '../core/toc.ts';
import { type Column, fromColumns, type Row, toColumns } from './columns.ts';

/** How a table of contents is stored: JSON, one column per property of the entries. */
interface StoredToc {
  readonly version: 1;
  readonly diffId: string;
  readonly size: number;
  readonly count: number;
  readonly columns: Readonly<Record<string, Column>>;
}

/** In this order, so that equal tables have equal bytes. */
const PROPERTIES = [
  'path',
  'type',
  'mode',
  'uid',
  'gid',
  'mtime',
  'mtimeNanoseconds',
  'size',
  'link',
  'major',
  'minor',
  'xattrs',
  'digest',
  'offset',
  'data',
] as const;

const ENTRY_TYPES = 'file directory symlink hardlink character block fifo'.split(' ');
const NUMBERS = ['mode', 'uid', 'gid', 'mtime', 'size'];
const OPTIONAL_NUMBERS = ['mtimeNanoseconds', 'major', 'minor', 'offset'];

export function encodeToc(toc: Toc): Uint8Array {
  const rows: Row[] = toc.entries.map((entry) =>
    'digest' in entry && entry.digest !== undefined ? { ...entry, digest: hexOf(entry.digest) } : { ...entry },
  );
  const { version, diffId, size } = toc;
  const stored: StoredToc = { version, diffId, size, count: rows.length, columns: toColumns(rows, PROPERTIES) };
  return Buffer.from(JSON.stringify(stored));
}

/**
 * Reads what {@link encodeToc} wrote, from a place that need not be trusted: entries that do not name a path inside the
 * root are refused.
 * @throws LayerError `LAYER_TOC_INVALID`
 */
export function decodeToc(bytes: Uint8Array): Toc {
  const stored = parse(bytes);
  if (stored?.version !== 1 || !isDigest(stored.diffId) || !isNatural(stored.size) || !isCount(stored)) {
    throw invalid('it is no table of contents of version 1');
  }
  const diffId: DiffId = toDiffId(stored.diffId);
  const rows = fromColumns(stored.columns, PROPERTIES, stored.count);
  return { version: 1, diffId, size: stored.size, entries: rows.map(toEntry) };
}

function parse(bytes: Uint8Array): StoredToc | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as StoredToc) : undefined;
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
}

/** Each row needs its path in the text. */
function isCount({ count, columns }: StoredToc): boolean {
  const path = columns?.path;
  if (count === 0) return true;
  if (path === undefined) return false;
  return count === ('all' in path ? path.all.length : 1);
}

function toEntry(row: Row): TocEntry {
  const isMarker = row.type === 'whiteout' || row.type === 'opaque';
  if (!isPath(row.path, row.type === 'opaque')) throw invalid(`bad path ${JSON.stringify(row.path)}`);
  if (isMarker) return row as unknown as TocEntry;
  const digest = row.digest === undefined ? undefined : toDigest(String(row.digest));
  if (!isEntry(row, digest)) throw invalid(`bad entry ${JSON.stringify(row.path)}`);
  return (digest === undefined ? row : { ...row, digest }) as unknown as TocEntry;
}

function isEntry(row: Row, digest: Digest | undefined): boolean {
  return (
    ENTRY_TYPES.includes(String(row.type)) &&
    NUMBERS.every((name) => Number.isSafeInteger(row[name])) &&
    isNatural(row.size) &&
    OPTIONAL_NUMBERS.every((name) => row[name] === undefined || isNatural(row[name])) &&
    (digest === undefined || isDigest(digest)) &&
    (row.data === undefined || typeof row.data === 'string') &&
    isXattrs(row.xattrs) &&
    isLink(row)
  );
}

function isXattrs(value: unknown): boolean {
  if (value === undefined) return true;
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');
}

function isLink({ type, link }: Row): boolean {
  if (type === 'hardlink') return isPath(link, false);
  return type === 'symlink' ? typeof link === 'string' : link === undefined;
}

function isPath(value: unknown, mayBeRoot: boolean): boolean {
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
