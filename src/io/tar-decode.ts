import { LayerError } from '../core/errors.ts';
import { sumBytes, TAR_RECORD } from './tar-header.ts';

/** One header record as it stands: PAX and GNU extensions are not applied yet. */
export interface RawTarHeader {
  readonly name: string;
  readonly flag: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly link: string;
  readonly major: number;
  readonly minor: number;
}

export function isZeroRecord(block: Buffer, at: number): boolean {
  for (let i = at; i < at + TAR_RECORD; i++) if (block[i] !== 0) return false;
  return true;
}

/**
 * Decodes a header record at `at` of `block`; `offset` is its place in the archive, for messages.
 * @throws LayerError `LAYER_TAR_CORRUPT`
 */
export function decodeTarHeader(block: Buffer, at: number, offset: number): RawTarHeader {
  const name = text(block, at, 100);
  const corrupt = (what: string) => corruptTar(what, offset, name);
  if (!hasValidChecksum(block, at)) throw corrupt('the checksum of a header is wrong');
  const number = (from: number, width: number, field: string): number => {
    const value = parseNumber(block, at + from, width);
    if (value === undefined) throw corrupt(`the ${field} of a header is not a number`);
    return value;
  };
  const prefix = namePrefix(block, at);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    flag: String.fromCharCode(block[at + 156] ?? 0),
    size: number(124, 12, 'size'),
    mode: number(100, 8, 'mode'),
    uid: number(108, 8, 'user id'),
    gid: number(116, 8, 'group id'),
    mtime: number(136, 12, 'time'),
    link: text(block, at + 157, 100),
    major: number(329, 8, 'device number'),
    minor: number(337, 8, 'device number'),
  };
}

export function corruptTar(what: string, offset: number, entry?: string): LayerError {
  const where = entry === undefined || entry === '' ? '' : ` in entry ${JSON.stringify(entry)}`;
  return new LayerError('LAYER_TAR_CORRUPT', `damaged tar archive: ${what} at offset ${offset}${where}`, {
    entry,
    hint: 'the archive was cut or altered, or is no tar archive: fetch or write it again',
  });
}

/** Only POSIX ustar has a prefix; GNU keeps other things there, and star's is shorter. */
function namePrefix(block: Buffer, at: number): string {
  if (block.toString('latin1', at + 257, at + 263) !== 'ustar\0') return '';
  const isStar = block.toString('latin1', at + 508, at + 512) === 'tar\0';
  return text(block, at + 345, isStar ? 131 : 155);
}

function text(block: Buffer, at: number, width: number): string {
  let end = at;
  while (end < at + width && block[end] !== 0) end++;
  return block.toString('utf8', at, end);
}

/** Old writers summed signed bytes. */
function hasValidChecksum(block: Buffer, at: number): boolean {
  const stored = parseNumber(block, at + 148, 8);
  let own = 0;
  let negative = 0;
  for (let i = at + 148; i < at + 156; i++) own += block[i] ?? 0;
  const unsigned = sumBytes(block, at) - own + 8 * 0x20;
  if (stored === unsigned) return true;
  for (let i = at; i < at + TAR_RECORD; i++) {
    if ((i < at + 148 || i >= at + 156) && (block[i] ?? 0) > 127) negative += 256;
  }
  return stored === unsigned - negative;
}

/** Octal text, or GNU's base-256 when the first bit is set; blank fields are 0. */
function parseNumber(block: Buffer, at: number, width: number): number | undefined {
  const first = block[at] ?? 0;
  return first >= 0x80 ? parseBase256(block, at, width) : parseOctal(block, at, width);
}

function parseOctal(block: Buffer, at: number, width: number): number | undefined {
  let value = 0;
  let i = at;
  while (i < at + width && block[i] === 0x20) i++;
  for (; i < at + width; i++) {
    const digit = (block[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  return i === at + width || block[i] === 0 || block[i] === 0x20 ? value : undefined;
}

function parseBase256(block: Buffer, at: number, width: number): number | undefined {
  const isNegative = block[at] === 0xff;
  let value = isNegative ? -1 : (block[at] ?? 0) & 0x7f;
  for (let i = at + 1; i < at + width; i++) value = value * 256 + (block[i] ?? 0);
  return Number.isSafeInteger(value) ? value : undefined;
}
