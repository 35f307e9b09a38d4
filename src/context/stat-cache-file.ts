import { createHash } from 'node:crypto';
import type { FileIdentity } from './context-node.ts';

/** What is remembered of a file. */
export interface StatRecord {
  /** {@link encodeIdentity} of the file when it was hashed. */
  readonly identity: Buffer;
  /** The 32 bytes of the sha256. */
  readonly digest: Buffer;
  /** Day since 1970 on which the record was last of use. */
  lastUsed: number;
}

const MAGIC = Buffer.from('lamella stat cache 1\n');
const IDENTITY_BYTES = 44;
const DIGEST_BYTES = 32;
const RECORD_BYTES = IDENTITY_BYTES + DIGEST_BYTES + 4;

/** Device, inode, size, times and mode in a fixed form, written into `target`. */
export function encodeIdentity(identity: FileIdentity, target: Buffer = Buffer.alloc(IDENTITY_BYTES)): Buffer {
  target.writeBigUInt64LE(BigInt.asUintN(64, identity.dev), 0);
  target.writeBigUInt64LE(BigInt.asUintN(64, identity.ino), 8);
  target.writeBigUInt64LE(identity.size, 16);
  target.writeBigInt64LE(identity.mtimeNs, 24);
  target.writeBigInt64LE(identity.ctimeNs, 32);
  target.writeUInt32LE(Number(identity.mode), 40);
  return target;
}

/** The file: magic, then for each path its length, its UTF-8 and a fixed record, then the sha256 of all before. */
export function encodeStatCache(records: ReadonlyMap<string, StatRecord>): Buffer {
  const chunks: Buffer[] = [MAGIC];
  for (const [path, record] of records) chunks.push(encodeEntry(Buffer.from(path), record));
  const body = Buffer.concat(chunks);
  return Buffer.concat([body, sha256(body)]);
}

function encodeEntry(path: Buffer, { identity, digest, lastUsed }: StatRecord): Buffer {
  const entry = Buffer.allocUnsafe(4 + path.length + RECORD_BYTES);
  entry.writeUInt32LE(path.length, 0);
  path.copy(entry, 4);
  identity.copy(entry, 4 + path.length);
  digest.copy(entry, 4 + path.length + IDENTITY_BYTES);
  entry.writeUInt32LE(lastUsed, entry.length - 4);
  return entry;
}

/** `undefined` for anything that {@link encodeStatCache} did not write whole. */
export function decodeStatCache(file: Buffer): Map<string, StatRecord> | undefined {
  const end = file.length - DIGEST_BYTES;
  if (end < MAGIC.length || !file.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (!sha256(file.subarray(0, end)).equals(file.subarray(end))) return undefined;
  const records = new Map<string, StatRecord>();
  for (let at = MAGIC.length; at < end; ) {
    const pathEnd = at + 4 + file.readUInt32LE(at);
    records.set(file.toString('utf8', at + 4, pathEnd), decodeRecord(file.subarray(pathEnd, pathEnd + RECORD_BYTES)));
    at = pathEnd + RECORD_BYTES;
  }
  return records;
}

function decodeRecord(record: Buffer): StatRecord {
  return {
    identity: record.subarray(0, IDENTITY_BYTES),
    digest: record.subarray(IDENTITY_BYTES, IDENTITY_BYTES + DIGEST_BYTES),
    lastUsed: record.readUInt32LE(RECORD_BYTES - 4),
  };
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
