import { createHash } from 'node:crypto';

/**
 * Records of a fixed size by name, as the bytes of a file: magic, the number of records, the records in the order of their
 * names, where each name ends, the names (UTF-8, ascending by bytes), and the sha256 of all before. It is used as it is
 * read: of 100,000 records none is looked at that is not asked for, and names asked for in order are found at once.
 */
export class StatTable {
  static readonly empty: StatTable = new StatTable(Buffer.alloc(0), 0);

  readonly #file: Buffer;
  readonly count: number;
  #scratch = Buffer.alloc(1024);
  #last = -1;

  private constructor(file: Buffer, count: number) {
    this.#file = file;
    this.count = count;
  }

  /** `undefined` for anything that {@link encodeStatTable} did not write whole. The bytes are the table's from now on. */
  static decode(file: Buffer): StatTable | undefined {
    const end = file.length - DIGEST_BYTES;
    if (end < RECORDS_START || !file.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    if (!sha256(file.subarray(0, end)).equals(file.subarray(end))) return undefined;
    return new StatTable(file, file.readUInt32LE(MAGIC.length));
  }

  /** Whether both were read from the same bytes, whatever has been written into records since. */
  isSameFile(other: StatTable): boolean {
    return this.#file.subarray(-DIGEST_BYTES).equals(other.#file.subarray(-DIGEST_BYTES));
  }

  /** The record of a name. Writing into it changes the table. */
  find(name: string): Buffer | undefined {
    const row = this.#rowOf(this.#encode(name));
    if (row === undefined) return undefined;
    this.#last = row;
    return this.record(row);
  }

  record(row: number): Buffer {
    const at = RECORDS_START + row * RECORD_BYTES;
    return this.#file.subarray(at, at + RECORD_BYTES);
  }

  name(row: number): Buffer {
    return this.#file.subarray(this.#nameEnd(row - 1), this.#nameEnd(row));
  }

  #rowOf(name: Buffer): number | undefined {
    const next = this.#last + 1;
    if (next < this.count && this.#compare(next, name) === 0) return next;
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = this.#compare(middle, name);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  #compare(row: number, name: Buffer): number {
    return this.#file.compare(name, 0, name.length, this.#nameEnd(row - 1), this.#nameEnd(row));
  }

  #nameEnd(row: number): number {
    const ends = RECORDS_START + this.count * RECORD_BYTES;
    const names = ends + this.count * END_BYTES;
    return row < 0 ? names : names + this.#file.readUInt32LE(ends + row * END_BYTES);
  }

  #encode(name: string): Buffer {
    if (name.length * 3 > this.#scratch.length) this.#scratch = Buffer.alloc(name.length * 6);
    return this.#scratch.subarray(0, this.#scratch.write(name));
  }
}

const MAGIC = Buffer.from('lamella stat cache 2\n');
const RECORDS_START = MAGIC.length + 4;
const END_BYTES = 4;
const DIGEST_BYTES = 32;
/** Bytes of each record. */
export const RECORD_BYTES = 84;

export interface NamedRecord {
  readonly name: Buffer;
  readonly record: Buffer;
}

/** The bytes of a table of records, whose names are ascending. */
export function encodeStatTable(rows: readonly NamedRecord[]): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(rows.length);
  const ends = Buffer.alloc(rows.length * END_BYTES);
  let end = 0;
  rows.forEach(({ name }, row) => {
    end += name.length;
    ends.writeUInt32LE(end, row * END_BYTES);
  });
  const records = rows.map(({ record }) => record);
  const body = Buffer.concat([MAGIC, count, ...records, ends, ...rows.map(({ name }) => name)]);
  return Buffer.concat([body, sha256(body)]);
}

/** Rows of a table and newer ones, which replace those of the same name, in order. */
export function mergeRows(table: StatTable, newer: ReadonlyMap<string, Buffer>): NamedRecord[] {
  const added = [...newer].map(([name, record]): NamedRecord => ({ name: Buffer.from(name), record }));
  added.sort((a, b) => a.name.compare(b.name));
  const merged: NamedRecord[] = [];
  let at = 0;
  for (let row = 0; row < table.count; row++) {
    const name = table.name(row);
    let order = 1;
    for (let next = added[at]; next !== undefined; next = added[at]) {
      order = next.name.compare(name);
      if (order > 0) break;
      merged.push(next);
      at++;
      if (order === 0) break;
    }
    if (order !== 0) merged.push({ name, record: table.record(row) });
  }
  return [...merged, ...added.slice(at)];
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
