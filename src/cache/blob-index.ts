import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DiffId, hexOf } from '../core/digest.ts';
import type { Descriptor } from '../core/image.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';

/**
 * Which blob holds a layer, by the recipe that compressed it. Apart from the step records, so that compression is no part
 * of a cache key: a step's result is its diff ID, and any number of blobs may carry it.
 */
export interface BlobIndex {
  lookup(diffId: DiffId, recipe: string): Descriptor | undefined;
  record(diffId: DiffId, recipe: string, blob: Descriptor): void;
}

export function createBlobIndex(directory: string): BlobIndex {
  const pathOf = (diffId: DiffId, recipe: string): string => {
    const hex = hexOf(diffId);
    const recipeName = createHash('sha256').update(recipe).digest('hex').slice(0, 16);
    return join(directory, hex.slice(0, 2), hex.slice(2), `${recipeName}.json`);
  };
  return {
    lookup: (diffId, recipe) => readEntry(pathOf(diffId, recipe), recipe),
    record(diffId, recipe, blob) {
      writeAtomicSync(pathOf(diffId, recipe), `${JSON.stringify({ version: 1, recipe, blob })}\n`);
    },
  };
}

function readEntry(path: string, recipe: string): Descriptor | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as { version: number; recipe: string; blob: Descriptor };
    return value.version === 1 && value.recipe === recipe ? value.blob : undefined;
  } catch {
    return undefined;
  }
}
