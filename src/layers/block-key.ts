import { hash } from 'node:crypto';
import {
  isWhiteout,
  type Metadata,
  type PackEntry,
  type TocEntry,
  type TocFileEntry,
  type WhiteoutEntry,
} from '../core/toc.ts';
import type { EntryBlock } from './cut-entries.ts';
import { packedTime, packedXattrs, type TimePolicy } from './tar-blocks.ts';

/** Changes with the bytes that are written for the same entries. */
const RULES = 'block 2';

/** Names the bytes of a block before it is packed; `undefined` while a content is unknown. */
export function keyOfBlock({ entries, isLast }: EntryBlock, times: TimePolicy): string | undefined {
  const isKnown = entries.every((entry) => isWhiteout(entry) || hasKnownContent(entry));
  if (!isKnown) return undefined;
  const described = entries.map((entry) =>
    isWhiteout(entry) ? describeWhiteout(entry) : describe(entry, packedTime(entry, times), packedXattrs(entry)),
  );
  return keyOf(described, isLast);
}

/** The same key, of what was packed. */
export function keyOfPacked(entries: readonly TocEntry[], isLast: boolean): string {
  const described = entries.map((entry) =>
    isWhiteout(entry) ? describeWhiteout(entry) : describe(entry, entry.mtime, entry.xattrs),
  );
  return keyOf(described, isLast);
}

function hasKnownContent({ type, size, digest }: PackEntry): boolean {
  return type !== 'file' || size === 0 || digest !== undefined;
}

function keyOf(described: readonly string[], isLast: boolean): string {
  return hash('sha256', [RULES, isLast, ...described].join('\0'), 'hex');
}

function describeWhiteout({ path, type }: WhiteoutEntry): string {
  return `${path}\0${type}`;
}

/** Fields with NUL between them, which is in none of them. */
function describe(entry: PackEntry | TocFileEntry, mtime: number, xattrs: Metadata['xattrs']): string {
  const { path, type, mode, uid, gid, size, link = '', major = '', minor = '', digest } = entry;
  const numbers = `${mode} ${uid} ${gid} ${size} ${mtime} ${major} ${minor}`;
  const content = size === 0 ? '' : (digest ?? '');
  return `${path}\0${type}\0${numbers}\0${link}\0${content}\0${xattrs === undefined ? '' : JSON.stringify(xattrs)}`;
}
