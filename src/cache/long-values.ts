import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { freeMemory } from '../io/free-memory.ts';
import { scanFiles } from '../io/scan-folder.ts';
import type { CacheKey } from './cache-key.ts';
import type { Ingredient } from './frame.ts';
import { TextList } from './text-list.ts';

/** Values of one record by their position among its ingredients, and among its remarks. */
export interface PlacedValues {
  readonly ingredients: Readonly<Record<number, Ingredient['value']>>;
  readonly remarks: Readonly<Record<number, Ingredient['value']>>;
}

/**
 * What is too long for a record, such as the list of 20,000 files: by the key of the record, in a file of its own, which
 * is read only to explain a miss. Digests in it are cut ({@link cutDigests}), so that it is small.
 */
export interface LongValues {
  /** Every file, whether its record is there or not. */
  scan(): Iterable<{ readonly path: string; readonly key: CacheKey }>;
  pathOf(key: CacheKey): string;
  load(key: CacheKey): PlacedValues;
  save(key: CacheKey, values: PlacedValues): void;
}

const NOTHING: PlacedValues = { ingredients: {}, remarks: {} };
const FASTEST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function createLongValues(directory: string): LongValues {
  const pathOf = (key: CacheKey): string => join(directory, key.slice('sha256:'.length));
  return {
    *scan() {
      for (const { path, name } of scanFiles(directory)) yield { path, key: `sha256:${name}` as CacheKey };
    },
    pathOf,
    load: (key) => read(pathOf(key)),
    save(key, values) {
      const bytes = Buffer.concat([...encode(values)]);
      writeAtomicSync(pathOf(key), zstdCompressSync(bytes, FASTEST));
      freeMemory(bytes);
    },
  };
}

const ALGORITHM = 'sha256:';
const KEPT_DIGITS = 12;
const ALL_DIGITS = 64;
const DIGITS = /[0-9a-f]{64}/y;

/** Leaves 12 digits of each digest: enough to tell that something changed, and a fraction of the bytes. */
export function cutDigests(text: string): string {
  let cut = '';
  let from = 0;
  // Several times faster than replacing by a pattern, which shows with the lists of many thousand files.
  for (let at = text.indexOf(ALGORITHM); at >= 0; at = text.indexOf(ALGORITHM, at + 1)) {
    const start = at + ALGORITHM.length;
    DIGITS.lastIndex = start;
    if (!DIGITS.test(text)) continue;
    cut += text.slice(from, start + KEPT_DIGITS);
    from = start + ALL_DIGITS;
  }
  return from === 0 ? text : cut + text.slice(from);
}

/** The same of several texts at once, which are parts of one then: 100,000 cut one by one take twice the memory. */
export function cutAllDigests(texts: readonly string[]): readonly string[] {
  if (hasSeparator(texts)) return texts.map(cutDigests);
  return cutDigests(texts.join(SEPARATOR)).split(SEPARATOR);
}

const SEPARATOR = '\0';

function hasSeparator(list: readonly string[] | TextList): boolean {
  if (list instanceof TextList) return list.pieces.some((piece) => piece.includes(SEPARATOR));
  return list.some((text) => text.includes(SEPARATOR));
}

type Which = keyof PlacedValues;

/** Where a value belongs, and of how many texts it is a list; absent for one text. */
interface Place {
  readonly which: Which;
  readonly at: number;
  readonly count?: number;
}

/** Texts of a list that are encoded at a time. */
const TEXTS = 1024;

/** The places as JSON, then all texts. A text with a separator is left out, and its value with it. */
function* encode(values: PlacedValues): Generator<Buffer, void> {
  const places: Place[] = [];
  const lists: Exclude<Ingredient['value'], string>[] = [];
  for (const which of ['ingredients', 'remarks'] as const) {
    for (const [at, value] of Object.entries(values[which])) {
      const list = typeof value === 'string' ? [value] : value;
      if (hasSeparator(list)) continue;
      places.push({ which, at: Number(at), ...(typeof value !== 'string' && { count: value.length }) });
      lists.push(list);
    }
  }
  yield Buffer.from(JSON.stringify(places));
  for (const list of lists) {
    for (const texts of list instanceof TextList ? list.batches() : batchesOf(list)) {
      yield Buffer.from(cutDigests(`${SEPARATOR}${texts.join(SEPARATOR)}`));
    }
  }
}

function* batchesOf(list: readonly string[]): Generator<readonly string[], void> {
  for (let at = 0; at < list.length; at += TEXTS) yield list.slice(at, at + TEXTS);
}

function decode(text: string): PlacedValues {
  const [places = '[]', ...texts] = text.split(SEPARATOR);
  const values: Record<Which, Record<number, Ingredient['value']>> = { ingredients: {}, remarks: {} };
  let next = 0;
  for (const { which, at, count } of JSON.parse(places) as Place[]) {
    const list = texts.slice(next, next + (count ?? 1));
    values[which][at] = count === undefined ? (list[0] ?? '') : list;
    next += list.length;
  }
  return values;
}

/** What is missing or damaged cannot be compared, and nothing else. */
function read(path: string): PlacedValues {
  try {
    return decode(zstdDecompressSync(readFileSync(path)).toString());
  } catch {
    return NOTHING;
  }
}
