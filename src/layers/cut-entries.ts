import {
  isWhiteout,
  type PackEntry,
  type Toc,
  type TocEntry,
  type TocFileEntry,
  type WhiteoutEntry,
} from '../core/toc.ts';
import { BLOCK_SIZE } from '../io/blocks.ts';
import { TAR_RECORD, tarHeaderBytes } from '../io/tar-header.ts';
import { whiteoutHeader } from './whiteout.ts';

/** Entries that are compressed by themselves. */
export interface EntryBlock<T = PackEntry | WhiteoutEntry> {
  readonly entries: readonly T[];
  /** The end mark of the archive follows. */
  readonly isLast: boolean;
}

/** A file from this size on is a block by itself, cut at multiples of {@link BLOCK_SIZE}. */
const LARGE = BLOCK_SIZE / 2;
/** Bytes of tar between two borders, about; a little over half of it in the mean. */
const SPREAD = 768 * 1024;

/**
 * Cuts the entries of a layer into blocks. Whether a border follows an entry is decided by that entry alone, its path and
 * the magnitude of its size, so that a change of one file never moves another border: at most it takes away its own or
 * makes one. Blocks that would not fit are cut where they are full, which moves nothing beyond their own end.
 */
export function* cutEntries<T extends PackEntry | TocEntry>(entries: Iterable<T>): Generator<EntryBlock<T>, void> {
  const cutter = new EntryCutter<T>();
  for (const entry of entries) yield* cutter.add(entry);
  yield cutter.end();
}

/** {@link cutEntries} for entries that come one by one. */
export class EntryCutter<T extends PackEntry | TocEntry> {
  #block: T[] = [];
  #room = BLOCK_SIZE - END_BYTES;

  /** Takes an entry, and gives the blocks that are complete with it: none, one or two. */
  add(entry: T): EntryBlock<T>[] {
    const bytes = mostBytes(entry);
    const isAlone = isLarge(entry);
    const before = this.#block.length > 0 && (bytes > this.#room || isAlone) ? [this.#cut(false)] : [];
    this.#block.push(entry);
    this.#room -= bytes;
    return isAlone || isBorder(entry, bytes) ? [...before, this.#cut(false)] : before;
  }

  end(): EntryBlock<T> {
    return this.#cut(true);
  }

  #cut(isLast: boolean): EntryBlock<T> {
    const entries = this.#block;
    this.#block = [];
    this.#room = BLOCK_SIZE - END_BYTES;
    return { entries, isLast };
  }
}

/** Lengths of the blocks of a layer that was packed; those of a foreign layer depend on its table of contents only. */
export function* blockLengths({ entries }: Toc): Generator<number, void> {
  for (const { entries: packed, isLast } of cutEntries(entries)) {
    let left = isLast ? END_BYTES : 0;
    for (const entry of packed) left += isWhiteout(entry) ? tarHeaderBytes(whiteoutHeader(entry)) : entryBytes(entry);
    for (; left > BLOCK_SIZE; left -= BLOCK_SIZE) yield BLOCK_SIZE;
    if (left > 0) yield left;
  }
}

function entryBytes(entry: TocFileEntry): number {
  return tarHeaderBytes(entry) + padded(entry.size);
}

const END_BYTES = 2 * TAR_RECORD;

export function isLarge(entry: PackEntry | TocEntry): boolean {
  return entry.type === 'file' && entry.size >= LARGE;
}

/** What an entry takes in a tar, or a little more: an extended header is not looked at closely. */
function mostBytes(entry: PackEntry | TocEntry): number {
  if (isWhiteout(entry)) return headerBytes(`${entry.path}/.wh..wh..opq`);
  const isExtended = entry.xattrs !== undefined || Math.max(entry.uid, entry.gid) > MAX_SHORT_ID || entry.mtime < 0;
  const names = entry.link === undefined ? entry.path : entry.path + entry.link;
  return headerBytes(names) + (isExtended ? 4 * TAR_RECORD : 0) + padded(entry.size);
}

/** Larger numbers stand in an extended header. */
const MAX_SHORT_ID = 0o7777777;

/** A character of a name has up to three bytes, and an extended header repeats it. */
function headerBytes(names: string): number {
  return names.length < 100 && /^[\x01-\x7f]*$/.test(names) ? TAR_RECORD : 4 * TAR_RECORD + padded(3 * names.length);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / TAR_RECORD) * TAR_RECORD;
}

/** Larger entries are followed by a border more often, so that blocks have about one size whatever is in them. */
function isBorder({ path }: PackEntry | TocEntry, bytes: number): boolean {
  const magnitude = 2 ** Math.ceil(Math.log2(bytes));
  return hashText(path) % SPREAD < magnitude;
}

/** FNV-1a over UTF-16 code units, with a last mixing. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 15)) >>> 0;
}
