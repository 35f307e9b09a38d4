import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { scanFiles } from '../io/scan-folder.ts';
import type { CacheKey } from './cache-key.ts';
import type { Ingredient } from './frame.ts';

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
  const pathOf = (key: CacheKey): string => {
    const hex = key.slice('sha256:'.length);
    return join(directory, hex.slice(0, 2), hex.slice(2));
  };
  return {
    *scan() {
      for (const { path, name } of scanFiles(directory)) {
        yield { path, key: `sha256:${name.replace('/', '')}` as CacheKey };
      }
    },
    pathOf,
    load: (key) => read(pathOf(key)),
    save(key, values) {
      const text = cutDigests(JSON.stringify(values));
      writeAtomicSync(pathOf(key), zstdCompressSync(text, FASTEST));
    },
  };
}

/** Leaves 12 digits of each digest: enough to tell that something changed, and a fraction of the bytes. */
export function cutDigests(text: string): string {
  return text.replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, 'sha256:$1');
}

/** What is missing or damaged cannot be compared, and nothing else. */
function read(path: string): PlacedValues {
  try {
    return { ...NOTHING, ...(JSON.parse(zstdDecompressSync(readFileSync(path)).toString()) as PlacedValues) };
  } catch {
    return NOTHING;
  }
}
