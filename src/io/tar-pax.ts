import assert from 'node:assert';
import { LayerError } from '../core/errors.ts';
import { compareBytes } from '../core/paths.ts';

/** PAX keywords and their values, as bytes: extended attributes are not text (pax, "Extended Header Records"). */
export type PaxRecords = Map<string, Buffer>;

export const XATTR_PREFIX = 'SCHILY.xattr.';

/** Content of an `x` record: `length key=value\n` for each keyword, in byte order of the keywords. */
export function encodePaxRecords(records: PaxRecords): Buffer {
  const keys = [...records.keys()].sort(compareBytes);
  return Buffer.concat(keys.flatMap((key) => encodeRecord(key, records.get(key) ?? Buffer.alloc(0))));
}

function encodeRecord(key: string, value: Buffer): Buffer[] {
  assert(!/[=\n\0]/.test(key), `PAX keyword ${JSON.stringify(key)} is not representable`);
  const rest = Buffer.byteLength(key) + value.length + 3;
  let length = rest + String(rest).length;
  // The length counts its own digits, which may take one digit more.
  length = rest + String(length).length;
  return [Buffer.from(`${length} ${key}=`), value, Buffer.from('\n')];
}

/** @throws LayerError `LAYER_TAR_CORRUPT` */
export function parsePaxRecords(content: Buffer, offset: number): PaxRecords {
  const records: PaxRecords = new Map();
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : parseLength(content.toString('latin1', at, space));
    const end = at + length;
    const equals = content.indexOf(0x3d, space);
    if (!(end <= content.length && equals > space && equals < end && content[end - 1] === 0x0a)) {
      throw new LayerError('LAYER_TAR_CORRUPT', `damaged PAX record at offset ${offset + at} of the archive`, {
        hint: 'the archive was cut or altered: fetch or write it again',
      });
    }
    records.set(content.toString('utf8', space + 1, equals), content.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

function parseLength(text: string): number {
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
}
