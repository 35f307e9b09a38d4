import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { scanFiles } from '../io/scan-folder.ts';
import type { CacheKey } from './cache-key.ts';

/**
 * The short way to a key: from what a step is made from (the layers below, the instruction) to the key over what it really
 * reads. The same definition always leads to the same key, so an entry can be missing but not wrong.
 */
export interface Definitions {
  /** Every file; `key` is undefined for a damaged one. */
  scan(): Iterable<{ readonly path: string; readonly key: CacheKey | undefined }>;
  lookup(definition: CacheKey): CacheKey | undefined;
  record(definition: CacheKey, key: CacheKey): void;
}

export function createDefinitions(directory: string): Definitions {
  const pathOf = (definition: CacheKey): string => join(directory, definition.slice('sha256:'.length));
  return {
    *scan() {
      for (const { path } of scanFiles(directory)) yield { path, key: readKey(path) };
    },
    lookup: (definition) => readKey(pathOf(definition)),
    record: (definition, key) => writeAtomicSync(pathOf(definition), `${key}\n`),
  };
}

/** A damaged entry counts as none. */
function readKey(path: string): CacheKey | undefined {
  try {
    return /^(sha256:[0-9a-f]{64})\n$/.exec(readFileSync(path, 'utf8'))?.[1] as CacheKey | undefined;
  } catch {
    return undefined;
  }
}
