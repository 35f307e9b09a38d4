import { createHash } from 'node:crypto';
import { compareBytes } from '../core/paths.ts';
import { freeMemory } from '../io/free-memory.ts';
import { readEnd } from '../io/read-end.ts';
import { IDENTITY_WORDS } from './file-identity.ts';

/** Of each row: the numbers of an identity, a sha256, and a day. */
const HASH_WORDS = 8;
const DAY_AT = IDENTITY_WORDS + HASH_WORDS;
const ROW_WORDS = DAY_AT + 1;
const WORD = 4;

const MAGIC = Buffer.from('lamella stat cache 3\n\n\n\n');
const ROWS_START = MAGIC.length + WORD;
const DIGEST_BYTES = 32;

/** A row that is to be written. */
export interface NewRow {
  /** Writes {@link IDENTITY_WORDS} numbers. */
  readonly putIdentity: (words: Uint32Array, at: number) => void;
  /** In hex. */
  readonly sha256: string;
  readonly day: number;
}

/**
 * Rows of numbers by name, as the bytes of a file: magic, the number of rows, the rows in the order of their names, where
 * each name ends, the names (UTF-8, ascending by bytes), and the sha256 of all before. It is used as it is read: of
 * 100,000 rows none is looked at that is not asked for, none becomes an object, and names asked for in order are found at
 * once. Numbers are in the byte order of this machine, which is the only one to read them.
 */
export class StatTable {
  static readonly empty: StatTable = new StatTable(emptyFile());

  readonly #file: Buffer;
  readonly count: number;
  readonly #rows: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #namesAt: number;
  #scratch = Buffer.alloc(1024);
  #next = 0;

  private constructor(file: Buffer) {
    const { count, rows, ends, namesAt } = partsOf(file);
    this.#file = file;
    this.count = count;
    this.#rows = rows;
    this.#ends = ends;
    this.#namesAt = namesAt;
  }

  /** `undefined` for anything that {@link encodeWith} did not write whole. The bytes are the table's from now on. */
  static decode(given: Buffer): StatTable | undefined {
    const end = given.length - DIGEST_BYTES;
    if (end < ROWS_START || !given.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    if (!sha256(given.subarray(0, end)).equals(given.subarray(end))) return undefined;
    return new StatTable(given.byteOffset % WORD === 0 ? given : Buffer.from(new Uint8Array(given).buffer));
  }

  /** Whether a file ends as the one that this was read from, whatever days have been put since: its sha256 need not be read. */
  isIn(file: string): boolean {
    return readEnd(file, DIGEST_BYTES)?.equals(this.#file.subarray(-DIGEST_BYTES)) === true;
  }

  /** Gives its memory back at once: nobody asks it any more. */
  release(): void {
    if (this !== StatTable.empty) freeMemory(this.#file);
  }

  /** The row of a name. */
  find(name: string): number | undefined {
    const row = this.#isNamed(this.#next, name) ? this.#next : this.#search(this.#put(name));
    if (row < 0) return undefined;
    this.#next = row + 1;
    return row;
  }

  hasIdentity(row: number, words: Uint32Array, at: number): boolean {
    const start = row * ROW_WORDS;
    for (let word = 0; word < IDENTITY_WORDS; word++) if (this.#rows[start + word] !== words[at + word]) return false;
    return true;
  }

  /** In hex. */
  sha256(row: number): string {
    const start = ROWS_START + (row * ROW_WORDS + IDENTITY_WORDS) * WORD;
    return this.#file.toString('hex', start, start + HASH_WORDS * WORD);
  }

  setDay(row: number, day: number): void {
    this.#rows[row * ROW_WORDS + DAY_AT] = day;
  }

  /** The bytes of a table with newer rows, which replace those of the same name, and without those of `oldestDay` or before. */
  encodeWith<T>(newer: ReadonlyMap<string, T>, toRow: (value: T) => NewRow, oldestDay: number): Buffer {
    const added = [...newer].sort(([a], [b]) => compareBytes(a, b));
    const sources = this.#merge(added, oldestDay);
    let nameBytes = 0;
    for (const source of sources) {
      const name = added[~source]?.[0];
      nameBytes += name === undefined ? this.#nameEnd(source) - this.#nameEnd(source - 1) : Buffer.byteLength(name);
    }
    const target = encode(sources.length, nameBytes);
    for (let row = 0, end = 0; row < sources.length; end = target.ends[row - 1] ?? 0) {
      const newRow = added[~(sources[row] ?? 0)];
      if (newRow === undefined) {
        row += this.#copyRun(sources, target, { row, end });
        continue;
      }
      target.ends[row] = end + target.file.write(newRow[0], target.namesAt + end);
      putRow(target, row, toRow(newRow[1]));
      row++;
    }
    const body = target.file.subarray(0, -DIGEST_BYTES);
    sha256(body).copy(target.file, body.length);
    return target.file;
  }

  /** Copies the rows that follow one another in both tables, and says how many they are. */
  #copyRun(sources: readonly number[], target: Parts, { row, end }: { row: number; end: number }): number {
    const first = sources[row] ?? 0;
    let length = 1;
    while (sources[row + length] === first + length) length++;
    const start = this.#nameEnd(first - 1);
    target.rows.set(this.#rows.subarray(first * ROW_WORDS, (first + length) * ROW_WORDS), row * ROW_WORDS);
    this.#file.copy(target.file, target.namesAt + end, start, this.#nameEnd(first + length - 1));
    for (let at = 0; at < length; at++) target.ends[row + at] = this.#nameEnd(first + at) - start + end;
    return length;
  }

  /** Rows by their number, newer ones by the complement of theirs. */
  #merge(added: readonly (readonly [name: string, ...unknown[]])[], oldestDay: number): number[] {
    const merged: number[] = [];
    let row = 0;
    const keepUpTo = (end: number): void => {
      for (; row < end; row++) if ((this.#rows[row * ROW_WORDS + DAY_AT] ?? 0) > oldestDay) merged.push(row);
    };
    added.forEach(([name], index) => {
      const found = this.#search(this.#put(name));
      keepUpTo(found < 0 ? ~found : found);
      if (found >= 0) row = found + 1;
      merged.push(~index);
    });
    keepUpTo(this.count);
    return merged;
  }

  /** Whether a row has a name of ASCII characters; a call out of JavaScript for each would cost more than it tells. */
  #isNamed(row: number, name: string): boolean {
    if (row >= this.count) return false;
    const start = this.#nameEnd(row - 1);
    if (this.#nameEnd(row) - start !== name.length) return false;
    for (let at = name.length - 1; at >= 0; at--) {
      const unit = name.charCodeAt(at);
      if (unit > 0x7f || unit !== this.#file[start + at]) return false;
    }
    return true;
  }

  /** The row of the name in the scratch memory, or the complement of where it belongs. */
  #search(length: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = this.#compare(middle, length);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  #compare(row: number, length: number): number {
    return this.#file.compare(this.#scratch, 0, length, this.#nameEnd(row - 1), this.#nameEnd(row));
  }

  #nameEnd(row: number): number {
    return this.#namesAt + (row < 0 ? 0 : (this.#ends[row] ?? 0));
  }

  #put(name: string): number {
    if (name.length * 3 > this.#scratch.length) this.#scratch = Buffer.alloc(name.length * 6);
    return this.#scratch.write(name);
  }
}

interface Parts {
  readonly file: Buffer;
  readonly count: number;
  readonly rows: Uint32Array;
  readonly ends: Uint32Array;
  readonly namesAt: number;
}

function partsOf(file: Buffer): Parts {
  const count = file.readUInt32LE(MAGIC.length);
  const endsAt = ROWS_START + count * ROW_WORDS * WORD;
  return {
    file,
    count,
    rows: new Uint32Array(file.buffer, file.byteOffset + ROWS_START, count * ROW_WORDS),
    ends: new Uint32Array(file.buffer, file.byteOffset + endsAt, count),
    namesAt: endsAt + count * WORD,
  };
}

function emptyFile(): Buffer {
  return encode(0, 0).file;
}

/** A file to be filled, with its head. */
function encode(count: number, nameBytes: number): Parts {
  const file = Buffer.alloc(ROWS_START + count * (ROW_WORDS + 1) * WORD + nameBytes + DIGEST_BYTES);
  MAGIC.copy(file);
  file.writeUInt32LE(count, MAGIC.length);
  return partsOf(file);
}

function putRow({ file, rows }: Parts, row: number, { putIdentity, sha256: hex, day }: NewRow): void {
  const start = row * ROW_WORDS;
  putIdentity(rows, start);
  file.write(hex, ROWS_START + (start + IDENTITY_WORDS) * WORD, 'hex');
  rows[start + DAY_AT] = day;
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
