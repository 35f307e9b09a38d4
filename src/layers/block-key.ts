import { createHash } from 'node:crypto';
import type { Digest } from '../core/digest.ts';
import { type Entry, isWhiteout, type PackEntry, type TocEntry, type WhiteoutEntry } from '../core/toc.ts';
import type { EntryBlock } from './cut-entries.ts';
import { packedEntry, type TimePolicy } from './tar-blocks.ts';

/** Changes with the bytes that are written for the same entries. */
const RULES = 'block 1';

/** Names the bytes of a block before it is packed; `undefined` while a content is unknown. */
export function keyOfBlock({ entries, isLast }: EntryBlock, times: TimePolicy): string | undefined {
  const isKnown = entries.every((entry) => isWhiteout(entry) || hasKnownContent(entry));
  if (!isKnown) return undefined;
  return keyOf(
    entries.map((entry) => (isWhiteout(entry) ? entry : withDigest(packedEntry(entry, times), entry.digest))),
    isLast,
  );
}

function withDigest(entry: Entry, digest: Digest | undefined): Packed {
  return digest === undefined ? entry : { ...entry, digest };
}

/** The same key, of what was packed. */
export function keyOfPacked(entries: readonly TocEntry[], isLast: boolean): string {
  return keyOf(entries, isLast);
}

function hasKnownContent({ type, size, digest }: PackEntry): boolean {
  return type !== 'file' || size === 0 || digest !== undefined;
}

type Packed = WhiteoutEntry | (Entry & { readonly digest?: Digest });

function keyOf(entries: readonly Packed[], isLast: boolean): string {
  const hash = createHash('sha256').update(`${RULES} ${isLast}\n`);
  for (const entry of entries) hash.update(`${JSON.stringify(fieldsOf(entry))}\n`);
  return hash.digest('hex');
}

function fieldsOf(entry: Packed): unknown[] {
  if (isWhiteout(entry)) return [entry.path, entry.type];
  const { path, type, mode, uid, gid, size, mtime, link, major, minor, xattrs, digest } = entry;
  return [path, type, mode, uid, gid, size, mtime, link, major, minor, xattrs, size === 0 ? '' : digest];
}
