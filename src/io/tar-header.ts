import assert from 'node:assert';
import type { EntryType, Metadata } from '../core/toc.ts';
import { encodePaxRecords, type PaxRecords, XATTR_PREFIX } from './tar-pax.ts';

/** PATH_MAX of Linux: a longer path can be nowhere, and whoever walks down to it needs a stack as deep. */
export const MAX_PATH = 4096;

/** Headers and contents are padded to this many bytes (POSIX ustar). */
export const TAR_RECORD = 512;

/** What a tar archive says of one entry. */
export interface TarHeader extends Metadata {
  /** As in the archive, trailing slashes left out: neither cleaned nor checked. */
  readonly path: string;
  readonly type: EntryType;
  /** Bytes of content that follow the header. */
  readonly size: number;
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
}

/** Fields that a ustar header can hold. */
interface UstarFields {
  readonly prefix: string;
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: string;
  readonly link: string;
  readonly major: number;
  readonly minor: number;
}

const TYPE_FLAG: Record<EntryType, string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;
const ASCII = /^[\x01-\x7f]*$/;

/** Bytes that bring content of `size` bytes to a full record. */
export function tarPadding(size: number): number {
  return (TAR_RECORD - (size % TAR_RECORD)) % TAR_RECORD;
}

/** A ustar header, with a PAX record before it where ustar cannot say it. Whole seconds, no owner names. */
export function encodeTarHeader(header: TarHeader): Buffer {
  const extended = encodeExtended(header);
  const out = Buffer.alloc((extended?.length ?? 0) + TAR_RECORD);
  extended?.copy(out);
  putUstar(ustarFields(header), out, out.length - TAR_RECORD);
  return out;
}

/** Bytes that {@link encodeTarHeader} gives. */
export function tarHeaderBytes(header: TarHeader): number {
  return TAR_RECORD + (encodeExtended(header)?.length ?? 0);
}

/** Writes the header into `target` when it takes one record; otherwise writes nothing and returns false. */
export function putTarHeader(header: TarHeader, target: Buffer, at: number): boolean {
  if (paxRecords(header) !== undefined) return false;
  putUstar(ustarFields(header), target, at);
  return true;
}

function encodeExtended(header: TarHeader): Buffer | undefined {
  const records = paxRecords(header);
  if (records === undefined) return undefined;
  const content = encodePaxRecords(records);
  const out = Buffer.alloc(TAR_RECORD + content.length + tarPadding(content.length));
  putUstar({ ...EXTENDED_FIELDS, size: content.length }, out, 0);
  content.copy(out, TAR_RECORD);
  return out;
}

const EXTENDED_FIELDS: UstarFields = {
  prefix: '',
  name: '././@PaxHeader',
  mode: 0,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  flag: 'x',
  link: '',
  major: 0,
  minor: 0,
};

function paxRecords(header: TarHeader): PaxRecords | undefined {
  let records: PaxRecords | undefined;
  const add = (key: string, value: string | Buffer) => {
    records ??= new Map();
    records.set(key, typeof value === 'string' ? Buffer.from(value) : value);
  };
  const name = archiveName(header);
  if (splitName(name) === undefined) add('path', name);
  if (!fits(header.link ?? '', 100)) add('linkpath', header.link ?? '');
  if (header.size > MAX_OCTAL_11) add('size', String(header.size));
  if (header.uid > MAX_OCTAL_7) add('uid', String(header.uid));
  if (header.gid > MAX_OCTAL_7) add('gid', String(header.gid));
  if (header.mtime < 0 || header.mtime > MAX_OCTAL_11) add('mtime', String(header.mtime));
  if (header.xattrs !== undefined) {
    for (const [key, value] of Object.entries(header.xattrs)) {
      add(`${XATTR_PREFIX}${key}`, Buffer.from(value, 'base64'));
    }
  }
  return records;
}

function ustarFields(header: TarHeader): UstarFields {
  const name = archiveName(header);
  const [prefix, rest] = splitName(name) ?? ['', asciiStart(name, 100)];
  const link = header.link ?? '';
  return {
    prefix,
    name: rest,
    mode: header.mode & 0o7777,
    uid: header.uid > MAX_OCTAL_7 ? 0 : header.uid,
    gid: header.gid > MAX_OCTAL_7 ? 0 : header.gid,
    size: header.size > MAX_OCTAL_11 ? 0 : header.size,
    mtime: header.mtime < 0 || header.mtime > MAX_OCTAL_11 ? 0 : header.mtime,
    flag: TYPE_FLAG[header.type],
    link: fits(link, 100) ? link : asciiStart(link, 100),
    major: header.major ?? 0,
    minor: header.minor ?? 0,
  };
}

function archiveName(header: TarHeader): string {
  return header.type === 'directory' ? `${header.path}/` : header.path;
}

/** Splits a name into ustar's `prefix` and `name` fields; `undefined` when it does not fit. */
function splitName(name: string): readonly [string, string] | undefined {
  if (!ASCII.test(name)) return undefined;
  if (name.length <= 100) return ['', name];
  const slash = name.lastIndexOf('/', 155);
  const rest = name.length - slash - 1;
  return slash <= 0 || rest === 0 || rest > 100 ? undefined : [name.slice(0, slash), name.slice(slash + 1)];
}

function fits(text: string, length: number): boolean {
  return text.length <= length && ASCII.test(text);
}

/** What a reader without PAX shows. */
function asciiStart(text: string, length: number): string {
  return text.replaceAll(/[^\x01-\x7f]/g, '_').slice(0, length);
}

/** The fields of a header that are the same in all of them. */
const BLANK: Buffer = Buffer.alloc(TAR_RECORD);
BLANK.write('ustar\x0000', 257, 'latin1');
putOctal(BLANK, 329, 8, 0);
putOctal(BLANK, 337, 8, 0);

function putUstar(fields: UstarFields, target: Buffer, at: number): void {
  BLANK.copy(target, at);
  target.write(fields.name, at, 'latin1');
  putOctal(target, at + 100, 8, fields.mode);
  putOctal(target, at + 108, 8, fields.uid);
  putOctal(target, at + 116, 8, fields.gid);
  putOctal(target, at + 124, 12, fields.size);
  putOctal(target, at + 136, 12, fields.mtime);
  target[at + 156] = fields.flag.charCodeAt(0);
  if (fields.link !== '') target.write(fields.link, at + 157, 'latin1');
  if (fields.major !== 0) putOctal(target, at + 329, 8, fields.major);
  if (fields.minor !== 0) putOctal(target, at + 337, 8, fields.minor);
  if (fields.prefix !== '') target.write(fields.prefix, at + 345, 'latin1');
  putChecksum(target, at);
}

function putOctal(target: Buffer, at: number, width: number, value: number): void {
  // The message is made for a failure only: this runs for each field of each file.
  if (!Number.isSafeInteger(value) || value < 0 || value >= 8 ** (width - 1)) {
    assert.fail(`${value} does not fit a tar header`);
  }
  let rest = value;
  for (let i = at + width - 2; i >= at; i--) {
    target[i] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}

/** The checksum is the sum of all bytes with its own field as blanks: six digits, NUL, blank. */
function putChecksum(target: Buffer, at: number): void {
  target.fill(0x20, at + 148, at + 156);
  putOctal(target, at + 148, 7, sumBytes(target, at));
  target[at + 154] = 0;
}

export function sumBytes(block: Buffer, at: number): number {
  let sum = 0;
  for (let i = at; i < at + TAR_RECORD; i++) sum += block[i] ?? 0;
  return sum;
}
