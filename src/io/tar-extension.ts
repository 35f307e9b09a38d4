import { LayerError } from '../core/errors.ts';
import type { EntryType } from '../core/toc.ts';
import { corruptTar, type RawTarHeader } from './tar-decode.ts';
import type { TarHeader } from './tar-header.ts';
import { type PaxRecords, XATTR_PREFIX } from './tar-pax.ts';

/** What the records before a header say of it. */
export interface TarExtensions {
  readonly global: PaxRecords;
  readonly local: PaxRecords;
  readonly longName?: string | undefined;
  readonly longLink?: string | undefined;
}

const ENTRY_TYPES: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

const MODE_BITS = 0o7777;

/**
 * Completes a header with the PAX and GNU records before it.
 * @throws LayerError `LAYER_TAR_CORRUPT`; `LAYER_TAR_UNSUPPORTED` for sparse files and other kinds of entries
 */
export function completeHeader(raw: RawTarHeader, extensions: TarExtensions, offset: number): TarHeader {
  const pax = (key: string): Buffer | undefined => {
    const value = extensions.local.get(key) ?? extensions.global.get(key);
    return value?.length === 0 ? undefined : value;
  };
  const name = pax('path')?.toString() ?? extensions.longName ?? raw.name;
  const number = (key: string, fallback: number): number => paxNumber(pax(key), fallback, { key, name, offset });
  const type = entryType(raw.flag, name, extensions);
  const link = pax('linkpath')?.toString() ?? extensions.longLink ?? raw.link;
  return {
    path: name.replace(/(?<=[^/])\/+$/, ''),
    type,
    mode: raw.mode & MODE_BITS,
    uid: number('uid', raw.uid),
    gid: number('gid', raw.gid),
    size: type === 'file' ? number('size', raw.size) : 0,
    ...mtimeOf(pax('mtime'), raw.mtime, { name, offset }),
    ...((type === 'symlink' || type === 'hardlink') && { link }),
    ...((type === 'character' || type === 'block') && { major: raw.major, minor: raw.minor }),
    ...xattrsOf(extensions),
  };
}

function entryType(flag: string, name: string, extensions: TarExtensions): EntryType {
  const isSparse = flag === 'S' || [...extensions.local.keys()].some((key) => key.startsWith('GNU.sparse.'));
  const type = ENTRY_TYPES[flag];
  if (isSparse || type === undefined)
    throw unsupported(name, isSparse ? 'a sparse file' : `of type ${printable(flag)}`);
  // Before ustar a directory was a file whose name ends with a slash.
  return type === 'file' && name.endsWith('/') ? 'directory' : type;
}

function unsupported(entry: string, what: string): LayerError {
  return new LayerError('LAYER_TAR_UNSUPPORTED', `entry ${JSON.stringify(entry)} is ${what}`, {
    entry,
    hint: 'write the archive without it: files, directories, links, devices and pipes can be read (tar without --sparse)',
  });
}

function printable(flag: string): string {
  return JSON.stringify(flag);
}

interface Place {
  readonly key: string;
  readonly name: string;
  readonly offset: number;
}

function paxNumber(value: Buffer | undefined, fallback: number, { key, name, offset }: Place): number {
  if (value === undefined) return fallback;
  const text = value.toString('latin1');
  const parsed = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(parsed)) {
    throw corruptTar(`the PAX ${key} ${JSON.stringify(text)} is not a number`, offset, name);
  }
  return parsed;
}

/** PAX times have fractions; those of negative times count down. */
function mtimeOf(
  value: Buffer | undefined,
  fallback: number,
  { name, offset }: Omit<Place, 'key'>,
): { mtime: number; mtimeNanoseconds?: number } {
  if (value === undefined) return { mtime: fallback };
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(value.toString('latin1'));
  if (match === null) throw corruptTar('the PAX mtime is not a number', offset, name);
  const seconds = Number(match[2]);
  const fraction = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return { mtime: seconds, ...(fraction > 0 && { mtimeNanoseconds: fraction }) };
  return fraction === 0 ? { mtime: 0 - seconds } : { mtime: -seconds - 1, mtimeNanoseconds: 1_000_000_000 - fraction };
}

function xattrsOf({ global, local }: TarExtensions): { xattrs?: Record<string, string> } {
  let xattrs: Record<string, string> | undefined;
  for (const [key, value] of [...global, ...local]) {
    if (!key.startsWith(XATTR_PREFIX)) continue;
    // A null prototype: the name is the archive's choice.
    xattrs ??= Object.create(null) as Record<string, string>;
    xattrs[key.slice(XATTR_PREFIX.length)] = value.toString('base64');
  }
  return xattrs === undefined ? {} : { xattrs };
}
