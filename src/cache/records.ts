import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DiffId, type Digest, isDigest } from '../core/digest.ts';
import type { Written } from '../core/ports.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { DigestCounter } from '../io/hash.ts';
import { scanFiles } from '../io/scan-folder.ts';
import { touchFile } from '../io/touch.ts';
import type { CacheKey } from './cache-key.ts';
import type { Ingredient } from './frame.ts';
import type { LongValues } from './long-values.ts';
import { TextList } from './text-list.ts';

const VERSION = 1;
/** Bytes of JSON up to which an ingredient stands in a record itself: records are read on every build. */
const MAX_VALUE = 4096;

/** An ingredient, or the digest of its value ({@link digestsOfValue}) when that is long, as for a COPY of many files. */
export type RecordedIngredient = Ingredient | { readonly name: string; readonly digest: Digest };

/** What a step made, under its key. Self-contained: it can be copied to another machine with the layer. */
export interface CacheRecord {
  readonly version: typeof VERSION;
  readonly key: CacheKey;
  readonly diffId: DiffId;
  /** RFC 3339; when the layer was made, or the instant that the times policy gives it. */
  readonly created: string;
  /** The instruction, for people. */
  readonly step: string;
  /** What the ingredients mean: kind of step with the version of its rules. Older records do not tell. */
  readonly recipe?: string;
  /** Everything that the key covers. */
  readonly ingredients: readonly RecordedIngredient[];
  /** What the key does not cover itself, but helps to explain why another one differs. */
  readonly remarks?: readonly RecordedIngredient[];
}

/** What is given to be recorded. */
export interface NewRecord extends Omit<CacheRecord, 'version' | 'ingredients' | 'remarks'> {
  readonly ingredients: readonly Ingredient[];
  readonly remarks?: readonly Ingredient[];
}

/** A record to compare with: long values are there again, digests in them cut, as far as they were kept. */
export interface RecalledRecord extends CacheRecord {
  readonly remarks: readonly RecordedIngredient[];
}

export interface ScannedRecord {
  readonly path: string;
  /** `undefined` for a damaged or foreign file. */
  readonly record: CacheRecord | undefined;
}

export interface CacheRecords {
  /** Every file, in the order of the keys. */
  scan(): Iterable<ScannedRecord>;
  has(key: CacheKey): boolean;
  /** Nothing was ever recorded. */
  isEmpty(): boolean;
  /** Notes, by the time of the file, that the record was used. */
  lookup(key: CacheKey): CacheRecord | undefined;
  /** With all that is known of it, which is more work; no use of the record. */
  recall(key: CacheKey): RecalledRecord | undefined;
  /** Atomic; writing the same key again replaces the record. */
  record(record: NewRecord): void;
}

/** Records as one small JSON file per key. A damaged or foreign file counts as no record. */
export function createCacheRecords(directory: string, longValues: LongValues): CacheRecords {
  const pathOf = (key: CacheKey): string => join(directory, `${key.slice('sha256:'.length)}.json`);
  return {
    scan: () => scanRecords(directory),
    has: (key) => existsSync(pathOf(key)),
    isEmpty: () => !existsSync(directory),
    lookup(key) {
      const found = readRecord(pathOf(key), key);
      if (found !== undefined) touchFile(pathOf(key));
      return found;
    },
    recall(key) {
      const found = readRecord(pathOf(key), key);
      return found && recalled(found, longValues);
    },
    record(record) {
      const ingredients = record.ingredients.map(shortened);
      const remarks = record.remarks?.map(shortened);
      const long = {
        ingredients: longOnes(record.ingredients, ingredients),
        remarks: longOnes(record.remarks ?? [], remarks ?? []),
      };
      const isLong = Object.values(long).some((values) => Object.keys(values).length > 0);
      if (isLong) longValues.save(record.key, long);
      const text = JSON.stringify({ version: VERSION, ...record, ingredients, ...(remarks && { remarks }) });
      writeAtomicSync(pathOf(record.key), `${text}\n`);
    },
  };
}

function recalled(record: CacheRecord, longValues: LongValues): RecalledRecord {
  const { ingredients, remarks = [] } = record;
  const isLong = [...ingredients, ...remarks].some((each) => 'digest' in each);
  const long = isLong ? longValues.load(record.key) : undefined;
  const filled = (listed: readonly RecordedIngredient[], which: 'ingredients' | 'remarks'): RecordedIngredient[] =>
    listed.map((each, at) => {
      const value = long?.[which][at];
      return value === undefined ? each : { name: each.name, value };
    });
  return { ...record, ingredients: filled(ingredients, 'ingredients'), remarks: filled(remarks, 'remarks') };
}

function longOnes(
  given: readonly Ingredient[],
  recorded: readonly RecordedIngredient[],
): Record<number, Ingredient['value']> {
  return Object.fromEntries(given.flatMap(({ value }, at) => ('digest' in (recorded[at] ?? {}) ? [[at, value]] : [])));
}

function* scanRecords(directory: string): Generator<ScannedRecord, void> {
  for (const { path, name } of scanFiles(directory)) {
    // What an earlier version kept in folders.
    if (name.includes('/')) continue;
    const key = `sha256:${name.replace(/\.json$/, '')}` as CacheKey;
    yield { path, record: readRecord(path, key) };
  }
}

function readRecord(path: string, key: CacheKey): CacheRecord | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as CacheRecord;
    return value.version === VERSION && value.key === key && isDigest(value.diffId) ? value : undefined;
  } catch {
    return undefined;
  }
}

function shortened(ingredient: Ingredient): RecordedIngredient {
  const { name, value } = ingredient;
  const { size, digest } = value instanceof TextList ? measureFrames(value) : measureJson(value);
  return size <= MAX_VALUE ? ingredient : { name, digest };
}

/** Digests by which a record may have a value: a list of texts has that of its frames, and of its JSON in older records. */
export function digestsOfValue(value: Ingredient['value']): Digest[] {
  if (!(value instanceof TextList)) return [measureJson(value).digest];
  return [measureFrames(value).digest, measureJson([...value]).digest];
}

function measureFrames({ pieces }: TextList): Written {
  const counter = new DigestCounter();
  for (const piece of pieces) counter.update(piece);
  return counter.finish();
}

function measureJson(value: string | readonly string[]): Written {
  const counter = new DigestCounter();
  for (const text of jsonPieces(value)) counter.update(Buffer.from(text));
  return counter.finish();
}

/** Texts of a list that are encoded at a time: all of a COPY of many files have as many bytes as the files' names and more. */
const TEXTS = 1024;

/** The JSON of a value. */
function* jsonPieces(value: string | readonly string[]): Generator<string, void> {
  if (typeof value === 'string') return yield JSON.stringify(value);
  yield '[';
  for (let at = 0; at < value.length; at += TEXTS) {
    const items = JSON.stringify(value.slice(at, at + TEXTS)).slice(1, -1);
    yield at === 0 ? items : `,${items}`;
  }
  yield ']';
}
