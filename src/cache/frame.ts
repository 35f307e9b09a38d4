import { createHash } from 'node:crypto';
import type { CacheKey } from './cache-key.ts';
import { frame, TextList } from './text-list.ts';

/** A named part of a cache key. A list keeps its order and its borders. */
export interface Ingredient {
  readonly name: string;
  readonly value: string | readonly string[] | TextList;
}

/**
 * Hashes ingredients so that no two different lists have one key: every field is preceded by its length in bytes, every
 * list by its count, and the recipe (what the fields mean, with its version) comes first. Order counts.
 */
export function frameKey(recipe: string, ingredients: readonly Ingredient[]): CacheKey {
  const hash = createHash('sha256');
  let framed = '';
  const hashFramed = (): void => {
    hash.update(framed);
    framed = '';
  };
  const put = (text: string): void => {
    framed += text;
    if (framed.length >= CALL_CHARACTERS) hashFramed();
  };
  put(frame(recipe));
  for (const { name, value } of ingredients) {
    put(frame(name));
    const values = typeof value === 'string' ? [value] : value;
    put(`${typeof value === 'string' ? '' : 'list '}${values.length}:`);
    if (values instanceof TextList) {
      hashFramed();
      for (const piece of values.pieces) hash.update(piece);
    } else for (const part of values) put(frame(part));
  }
  hashFramed();
  return `sha256:${hash.digest('hex')}` as CacheKey;
}

/** Text that goes to the hash at a time: a call for each of many small fields costs more than hashing them. */
const CALL_CHARACTERS = 16 * 1024;
