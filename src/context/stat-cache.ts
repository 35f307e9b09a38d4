import { readFileSync } from 'node:fs';
import { type Digest, hexOf, toDigest } from '../core/digest.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import type { FileIdentity } from './context-node.ts';
import { isRacy } from './raciness.ts';
import { encodeStatTable, mergeRows, RECORD_BYTES, StatTable } from './stat-table.ts';

/** Digests of files by absolute path, trusted as long as the file's identity is the same; and those of blobs of git. */
export interface StatCache {
  get(path: string, identity: FileIdentity): Digest | undefined;
  /**
   * Remembers a digest. Left out when the file changed so shortly before `hashedAtMs`, the time at which reading began,
   * that a later change could carry the same times.
   */
  set(
    path: string,
    entry: { readonly identity: FileIdentity; readonly digest: Digest; readonly hashedAtMs: number },
  ): void;
  /** The sha256 of a file that git knows as a blob. Its size tells whether it has the bytes of the blob or was converted. */
  getBlob(blob: NamedBlob): Digest | undefined;
  setBlob(blob: NamedBlob, digest: Digest): void;
  /**
   * Writes what is new, atomically, beside what others wrote meanwhile. A cache that cannot be written is given up silently:
   * it costs time, nothing else.
   */
  save(): void;
}

export interface NamedBlob {
  /** Name of the blob in git, in hexadecimal digits. */
  readonly id: string;
  /** Bytes of the file. */
  readonly size: bigint;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const KEEP_DAYS = 60;

/** A record: the identity, the 32 bytes of the sha256, and the day since 1970 on which it was last of use. */
const IDENTITY_BYTES = 48;
const DAY_AT = RECORD_BYTES - 4;

/** Of a blob, which never changes. */
const NO_IDENTITY: FileIdentity = { dev: 0n, ino: 0n, size: 0n, mode: 0n, mtimeNs: 0n, ctimeNs: 0n };

/** Opens the cache in `file`. A file that is missing or damaged is an empty cache. */
export function openStatCache(file: string, now: () => number = Date.now): StatCache {
  return new FileStatCache(file, Math.floor(now() / DAY_MS));
}

class FileStatCache implements StatCache {
  readonly #file: string;
  readonly #today: number;
  readonly #table: StatTable;
  readonly #added = new Map<string, Buffer>();
  readonly #encode = createIdentityEncoder();

  constructor(file: string, today: number) {
    this.#file = file;
    this.#today = today;
    this.#table = load(file);
  }

  get(path: string, identity: FileIdentity): Digest | undefined {
    return this.#find(path, this.#encode(identity));
  }

  set(path: string, entry: { identity: FileIdentity; digest: Digest; hashedAtMs: number }): void {
    if (isYoung(entry.identity, entry.hashedAtMs)) return;
    this.#add(path, this.#encode(entry.identity), entry.digest);
  }

  getBlob({ id, size }: NamedBlob): Digest | undefined {
    return this.#find(blobName(id), this.#encode({ ...NO_IDENTITY, size }));
  }

  setBlob({ id, size }: NamedBlob, digest: Digest): void {
    this.#add(blobName(id), this.#encode({ ...NO_IDENTITY, size }), digest);
  }

  save(): void {
    if (this.#added.size === 0) return;
    try {
      const current = load(this.#file);
      const table = current.isSameFile(this.#table) ? this.#table : current;
      const oldest = this.#today - KEEP_DAYS;
      const rows = mergeRows(table, this.#added).filter(({ record }) => record.readUInt32LE(DAY_AT) > oldest);
      writeAtomicSync(this.#file, encodeStatTable(rows));
      this.#added.clear();
    } catch {}
  }

  #find(name: string, identity: Buffer): Digest | undefined {
    const record = this.#added.get(name) ?? this.#table.find(name);
    if (record === undefined || record.compare(identity, 0, IDENTITY_BYTES, 0, IDENTITY_BYTES) !== 0) return undefined;
    record.writeUInt32LE(this.#today, DAY_AT);
    return toDigest(record.toString('hex', IDENTITY_BYTES, DAY_AT));
  }

  #add(name: string, identity: Buffer, digest: Digest): void {
    const record = Buffer.alloc(RECORD_BYTES);
    identity.copy(record);
    record.write(hexOf(digest), IDENTITY_BYTES, 'hex');
    record.writeUInt32LE(this.#today, DAY_AT);
    this.#added.set(name, record);
  }
}

/** No absolute path begins like this. */
function blobName(id: string): string {
  return `blob ${id}`;
}

/** Gives device, inode, size, times and mode in a fixed form, in the same buffer each time. */
function createIdentityEncoder(): (identity: FileIdentity) => Buffer {
  const numbers = new BigInt64Array(IDENTITY_BYTES / BigInt64Array.BYTES_PER_ELEMENT);
  const bytes = Buffer.from(numbers.buffer);
  return ({ dev, ino, size, mtimeNs, ctimeNs, mode }) => {
    numbers[0] = dev;
    numbers[1] = ino;
    numbers[2] = size;
    numbers[3] = mtimeNs;
    numbers[4] = ctimeNs;
    numbers[5] = mode;
    return bytes;
  };
}

function isYoung({ mtimeNs, ctimeNs }: FileIdentity, hashedAtMs: number): boolean {
  return [mtimeNs, ctimeNs].some((time) => isRacy(Number(time) / 1e6, hashedAtMs));
}

function load(file: string): StatTable {
  try {
    return StatTable.decode(readFileSync(file)) ?? StatTable.empty;
  } catch {
    return StatTable.empty;
  }
}
