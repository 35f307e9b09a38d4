import { ColumnMemory } from './column-memory.ts';
import { type NumberArray, narrowestFor, type SectionWriter, type StoredNumbers, type StoredTexts } from './columns.ts';

/** Rows whose numbers stand in one array, and texts that are encoded at a time. */
const ROWS = 1024;

/**
 * Numbers of at most 53 bits by row, put in the order of the rows; a row that is left out has 0. What is behind is kept as
 * narrow as it is, so that a column takes the bytes that it takes in a file, and nothing is copied when it grows.
 */
export class GrowingNumbers {
  readonly #memory = new ColumnMemory();
  readonly #behind: NumberArray[] = [];
  #last: Float64Array | undefined;

  put(row: number, value: number): void {
    while (row >= (this.#behind.length + 1) * ROWS) this.#leave();
    this.#last ??= new Float64Array(ROWS);
    this.#last[row % ROWS] = value;
  }

  /** Puts a number again, one that is not larger. */
  lower(row: number, value: number): void {
    const rows = this.#rowsWith(row);
    if (rows !== undefined) rows[row % ROWS] = value;
  }

  at(row: number): number {
    return this.#rowsWith(row)?.[row % ROWS] ?? 0;
  }

  /** As the numbers of the first `count` rows are stored: nothing but the number when all are the same. */
  storeIn(sections: SectionWriter, count: number): StoredNumbers {
    const parts = this.#parts(count);
    const { least, most } = rangeOf(parts);
    if (least === most) return { same: least };
    const Narrowest = narrowestFor(least, most);
    const narrow = parts.map((part) => (part instanceof Narrowest ? part : new Narrowest(part)));
    return { width: Narrowest.BYTES_PER_ELEMENT, at: sections.add(narrow.map(bytesOf)).at };
  }

  #rowsWith(row: number): NumberArray | undefined {
    const at = Math.floor(row / ROWS);
    return at === this.#behind.length ? this.#last : this.#behind[at];
  }

  #leave(): void {
    const rows = this.#last ?? new Float64Array(ROWS);
    const { least, most } = rangeOf([rows]);
    const Narrowest = narrowestFor(least, most);
    const { buffer, at } = this.#memory.take(ROWS * Narrowest.BYTES_PER_ELEMENT);
    const narrow = new Narrowest(buffer, at, ROWS);
    narrow.set(rows);
    this.#behind.push(narrow);
    this.#last = rows.fill(0);
  }

  #parts(count: number): NumberArray[] {
    const parts: NumberArray[] = [];
    for (let row = 0; row < count; row += ROWS) {
      const rows = this.#rowsWith(row) ?? new Uint8Array(ROWS);
      parts.push(count - row < ROWS ? rows.slice(0, count - row) : rows);
    }
    return parts;
  }
}

/** Both 0 where there is no number. */
function rangeOf(parts: readonly NumberArray[]): { readonly least: number; readonly most: number } {
  let least = parts[0]?.[0] ?? 0;
  let most = least;
  for (const part of parts) {
    for (const value of part) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return { least, most };
}

function bytesOf({ buffer, byteOffset, byteLength }: NumberArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Texts by number, kept as the bytes that an encoding makes of them. */
export class GrowingTexts {
  readonly #encoding: 'utf8' | 'base64' | 'hex';
  readonly #memory = new ColumnMemory();
  /** Of {@link ROWS} texts each. */
  readonly #behind: Buffer[] = [];
  readonly #ends = new GrowingNumbers();
  #last: string[] = [];
  #count = 0;
  /** Bytes of what is behind. */
  #length = 0;

  constructor(encoding: 'utf8' | 'base64' | 'hex') {
    this.#encoding = encoding;
  }

  /** Answers how many there are with it. */
  add(text: string): number {
    if (this.#last.length === ROWS) this.#leave();
    this.#last.push(text);
    return ++this.#count;
  }

  text(number: number): string {
    const at = Math.floor(number / ROWS);
    const bytes = this.#behind[at];
    if (bytes === undefined) return this.#last[number % ROWS] ?? '';
    const start = this.#endOf(at * ROWS - 1);
    return bytes.toString(this.#encoding, this.#endOf(number - 1) - start, this.#endOf(number) - start);
  }

  /** To be called once; nothing is added any more. */
  storeIn(sections: SectionWriter): StoredTexts {
    return { ...this.storeBytesIn(sections), ends: this.#ends.storeIn(sections, this.#count) };
  }

  /** The same for texts of one length, whose ends need not be told. */
  storeBytesIn(sections: SectionWriter): { readonly at: number; readonly length: number } {
    this.#leave();
    return sections.add(this.#behind);
  }

  #endOf(number: number): number {
    return number < 0 ? 0 : this.#ends.at(number);
  }

  #leave(): void {
    const encoding = this.#encoding;
    const length = this.#last.reduce((sum, text) => sum + Buffer.byteLength(text, encoding), 0);
    const bytes = this.#bytesFor(length);
    const first = this.#count - this.#last.length;
    let end = 0;
    this.#last.forEach((text, at) => {
      end += bytes.write(text, end, encoding);
      this.#ends.put(first + at, this.#length + end);
    });
    this.#length += end;
    this.#behind.push(bytes);
    this.#last = [];
  }

  /** Texts that are not followed by others are about to be stored. */
  #bytesFor(length: number): Buffer {
    if (this.#last.length < ROWS) return Buffer.allocUnsafeSlow(length);
    const { buffer, at } = this.#memory.take(length);
    return Buffer.from(buffer, at, length);
  }
}
