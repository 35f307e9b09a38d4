import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DiffId, isDigest } from '../core/digest.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import type { CacheKey } from './cache-key.ts';
import type { Ingredient } from './frame.ts';

const VERSION = 1;

/** What a step made, under its key. Self-contained: it can be copied to another machine with the layer. */
export interface CacheRecord {
  readonly version: typeof VERSION;
  readonly key: CacheKey;
  readonly diffId: DiffId;
  /** RFC 3339; when the layer was made, or the instant that the times policy gives it. */
  readonly created: string;
  /** The instruction, for people. */
  readonly step: string;
  /** Everything that the key covers; long values as their digest. */
  readonly ingredients: readonly Ingredient[];
}

export interface CacheRecords {
  lookup(key: CacheKey): CacheRecord | undefined;
  /** Atomic; writing the same key again replaces the record. */
  record(record: Omit<CacheRecord, 'version'>): void;
}

/** Records as one small JSON file per key. A damaged or foreign file counts as no record. */
export function createCacheRecords(directory: string): CacheRecords {
  const pathOf = (key: CacheKey): string => {
    const hex = key.slice('sha256:'.length);
    return join(directory, hex.slice(0, 2), `${hex.slice(2)}.json`);
  };
  return {
    lookup: (key) => readRecord(pathOf(key), key),
    record: (record) => writeAtomicSync(pathOf(record.key), `${JSON.stringify({ version: VERSION, ...record })}\n`),
  };
}

function readRecord(path: string, key: CacheKey): CacheRecord | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as CacheRecord;
    return value.version === VERSION && value.key === key && isDigest(value.diffId) ? value : undefined;
  } catch {
    return undefined;
  }
}
