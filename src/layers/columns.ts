import { isAscii } from 'node:buffer';

/** Where the numbers of a column stand in a file: nowhere when all rows have the same. */
export type StoredNumbers = { readonly same: number } | { readonly width: number; readonly at: number };

/** Texts one after another, and the end of each. */
export interface StoredTexts {
  readonly at: number;
  readonly length: number;
  readonly ends: StoredNumbers;
}

/** Typed arrays begin at multiples of this. */
const ALIGNMENT = 8;

/** The narrowest array that holds a column's numbers; larger or negative ones stand as doubles. */
const ARRAYS: readonly NumberArrayType[] = [Uint8Array, Uint16Array, Uint32Array, Float64Array];
export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Float64Array;
type NumberArrayType =
  | Uint8ArrayConstructor
  | Uint16ArrayConstructor
  | Uint32ArrayConstructor
  | Float64ArrayConstructor;

/** The array for numbers of at most 53 bits from `least` to `most`. */
export function narrowestFor(least: number, most: number): NumberArrayType {
  return ARRAYS.find(({ BYTES_PER_ELEMENT: bytes }) => least >= 0 && most < 2 ** (8 * bytes)) ?? Float64Array;
}

/** Collects the sections of a file, each aligned. */
export class SectionWriter {
  readonly parts: Uint8Array[] = [];
  #length = 0;

  /** Adds a section, and answers where it begins and what it has. */
  add(parts: readonly Uint8Array[]): { readonly at: number; readonly length: number } {
    const at = this.#length;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const padding = -length & (ALIGNMENT - 1);
    for (const part of parts) this.parts.push(part);
    if (padding > 0) this.parts.push(new Uint8Array(padding));
    this.#length += length + padding;
    return { at, length };
  }
}

/** Numbers by row, viewed where they stand. */
export class Numbers {
  readonly #same: number;
  readonly #values: NumberArray | undefined;

  /** `sections` begins at a multiple of {@link ALIGNMENT}. @throws RangeError for what is not there in full */
  constructor(stored: StoredNumbers, sections: Buffer, count: number) {
    this.#same = 'same' in stored ? stored.same : 0;
    this.#values = 'same' in stored ? undefined : arrayAt(stored, sections, count);
    if (!Number.isSafeInteger(this.#same)) throw new RangeError('no whole number');
    if (this.#values instanceof Float64Array && !this.#values.every(Number.isSafeInteger)) {
      throw new RangeError('no whole numbers');
    }
  }

  at(row: number): number {
    return this.#values === undefined ? this.#same : (this.#values[row] ?? 0);
  }

  /** Rows that have a number, of the first `count`. */
  rowsOf(number: number, count: number): number[] {
    const values = this.#values ?? new Uint8Array(this.#same === number ? count : 0).fill(number);
    const rows: number[] = [];
    for (let row = values.indexOf(number); row >= 0; row = values.indexOf(number, row + 1)) rows.push(row);
    return rows;
  }

  /** Whether none is negative. */
  areNatural(): boolean {
    return this.#values instanceof Float64Array ? this.#values.every((value) => value >= 0) : this.#same >= 0;
  }
}

function arrayAt(
  { width, at }: { readonly width: number; readonly at: number },
  sections: Buffer,
  count: number,
): NumberArray {
  const Found = ARRAYS.find(({ BYTES_PER_ELEMENT: bytes }) => bytes === width);
  if (Found === undefined || !isWithin(at, count * width, sections)) throw new RangeError('too few numbers');
  return new Found(sections.buffer as ArrayBuffer, sections.byteOffset + at, count);
}

export function isWithin(at: number, length: number, sections: Buffer): boolean {
  return [at, length].every((number) => Number.isSafeInteger(number) && number >= 0) && at + length <= sections.length;
}

/** Texts or contents by number, made when somebody asks. */
export class Texts {
  readonly #bytes: Buffer;
  readonly #ends: Numbers;
  readonly count: number;
  /** All of them, once one was asked for, where each byte is a character. */
  #ascii: string | undefined;
  #isAscii: boolean | undefined;

  /** @throws RangeError for what is not there in full */
  constructor({ at, length, ends }: StoredTexts, sections: Buffer, count: number) {
    if (!isWithin(at, length, sections)) throw new RangeError('too few texts');
    this.#bytes = sections.subarray(at, at + length);
    this.#ends = new Numbers(ends, sections, count);
    this.count = count;
    for (let number = 0, end = 0; number <= count; number++) {
      const next = number < count ? this.#ends.at(number) : length;
      if (next < end || next > length || (number === count && next !== end)) throw new RangeError('texts overlap');
      end = next;
    }
  }

  includes(byte: number): boolean {
    return this.#bytes.includes(byte);
  }

  lengthAt(number: number): number {
    return this.#ends.at(number) - this.#startOf(number);
  }

  text(number: number): string {
    const [start, end] = [this.#startOf(number), this.#ends.at(number)];
    this.#isAscii ??= isAscii(this.#bytes);
    if (!this.#isAscii) return this.#bytes.toString('utf8', start, end);
    this.#ascii ??= this.#bytes.toString('latin1');
    return this.#ascii.slice(start, end);
  }

  content(number: number): Buffer {
    return this.#bytes.subarray(this.#startOf(number), this.#ends.at(number));
  }

  #startOf(number: number): number {
    return number === 0 ? 0 : this.#ends.at(number - 1);
  }
}
