import { createHash } from 'node:crypto';

/** What git's index says of a path of the working tree (gitformat-index(5)); 32 bits of each number. */
export interface IndexEntry {
  /** Of the blob, in hexadecimal digits. */
  readonly id: string;
  readonly mode: number;
  readonly size: number;
  readonly ino: number;
  readonly mtime: Timestamp;
  readonly ctime: Timestamp;
  /** Neither a conflict, nor to be added later, nor kept out of the working tree, nor to be believed unchanged. */
  readonly isPlain: boolean;
}

interface Timestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Entries of an index, versions 2 to 4, by path. */
export type GitIndex = ReadonlyMap<string, IndexEntry>;

const HEADER_BYTES = 12;
const STAT_BYTES = 40;
const ASSUME_VALID = 0x8000;
const EXTENDED = 0x4000;
const STAGE = 0x3000;
const SKIP_WORKTREE = 0x4000;
const INTENT_TO_ADD = 0x2000;

/**
 * @param idBytes 20 in repositories of sha1, 32 in those of sha256
 * @returns `undefined` for an index that is damaged, split, sparse or of a version that we do not know
 */
export function parseGitIndex(file: Buffer, idBytes: 20 | 32): GitIndex | undefined {
  try {
    return isWhole(file, idBytes) ? new IndexReader(file, idBytes).read() : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The hash at the end is zero where git was told to save the time (`index.skipHash`). */
function isWhole(file: Buffer, idBytes: number): boolean {
  if (file.length < HEADER_BYTES + idBytes || file.toString('latin1', 0, 4) !== 'DIRC') return false;
  const [body, end] = [file.subarray(0, -idBytes), file.subarray(-idBytes)];
  if (end.every((byte) => byte === 0)) return true;
  return createHash(idBytes === 20 ? 'sha1' : 'sha256')
    .update(body)
    .digest()
    .equals(end);
}

class IndexReader {
  readonly #file: Buffer;
  readonly #idBytes: number;
  readonly #version: number;
  #at = HEADER_BYTES;
  #name: Buffer = Buffer.alloc(0);

  constructor(file: Buffer, idBytes: number) {
    this.#file = file;
    this.#idBytes = idBytes;
    this.#version = file.readUInt32BE(4);
  }

  read(): GitIndex | undefined {
    if (this.#version < 2 || this.#version > 4) return undefined;
    const entries = new Map<string, IndexEntry>();
    for (let left = this.#file.readUInt32BE(8); left > 0; left--) {
      const entry = this.#readEntry();
      entries.set(this.#name.toString('utf8'), entry);
    }
    return this.#hasOnlyOptionalExtensions() ? entries : undefined;
  }

  #readEntry(): IndexEntry {
    const start = this.#at;
    const number = (field: number): number => this.#file.readUInt32BE(start + field * 4);
    const idEnd = start + STAT_BYTES + this.#idBytes;
    const flags = this.#file.readUInt16BE(idEnd);
    const more = (flags & EXTENDED) === 0 ? 0 : this.#file.readUInt16BE(idEnd + 2);
    this.#at = idEnd + ((flags & EXTENDED) === 0 ? 2 : 4);
    if (this.#version === 4) this.#readCompressedName();
    else this.#readPaddedName(start);
    return {
      id: this.#file.toString('hex', start + STAT_BYTES, idEnd),
      ctime: { seconds: number(0), nanoseconds: number(1) },
      mtime: { seconds: number(2), nanoseconds: number(3) },
      ino: number(5),
      mode: number(6),
      size: number(9),
      isPlain: (flags & (ASSUME_VALID | STAGE)) === 0 && (more & (SKIP_WORKTREE | INTENT_TO_ADD)) === 0,
    };
  }

  /** Entries are multiples of eight bytes, with at least one NUL after the name. */
  #readPaddedName(start: number): void {
    const end = this.#endOfName();
    this.#name = this.#file.subarray(this.#at, end);
    this.#at = start + ((end - start + 8) & ~7);
  }

  /** How many bytes of the name before are dropped, and what comes in their place. */
  #readCompressedName(): void {
    const kept = this.#name.subarray(0, this.#name.length - this.#readOffset());
    const end = this.#endOfName();
    this.#name = Buffer.concat([kept, this.#file.subarray(this.#at, end)]);
    this.#at = end + 1;
  }

  /** As offsets in packs: seven bits in each byte, and one is added for each byte that goes on. */
  #readOffset(): number {
    let byte = this.#file.readUInt8(this.#at++);
    let value = byte & 0x7f;
    while ((byte & 0x80) !== 0) {
      byte = this.#file.readUInt8(this.#at++);
      value = (value + 1) * 0x80 + (byte & 0x7f);
    }
    return value;
  }

  #endOfName(): number {
    const end = this.#file.indexOf(0, this.#at);
    if (end < 0) throw new RangeError('a name does not end');
    return end;
  }

  /** Extensions whose name does not begin with a capital change what the entries mean. */
  #hasOnlyOptionalExtensions(): boolean {
    const end = this.#file.length - this.#idBytes;
    while (this.#at < end) {
      const first = this.#file.readUInt8(this.#at);
      if (first < 0x41 || first > 0x5a) return false;
      this.#at += 8 + this.#file.readUInt32BE(this.#at + 4);
    }
    return this.#at === end;
  }
}
