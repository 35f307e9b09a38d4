import { createHash } from 'node:crypto';
import type { CacheKey } from './cache-key.ts';

/** A named part of a cache key. A list keeps its order and its borders. */
export interface Ingredient {
  readonly name: string;
  readonly value: string | readonly string[];
}

/**
 * Hashes ingredients so that no two different lists have one key: every field is preceded by its length in bytes, every
 * list by its count, and the recipe (what the fields mean, with its version) comes first. Order counts.
 */
export function frameKey(recipe: string, ingredients: readonly Ingredient[]): CacheKey {
  const hash = createHash('sha256');
  let framed = '';
  const put = (text: string): void => {
    framed += text;
    if (framed.length < CALL_CHARACTERS) return;
    hash.update(framed);
    framed = '';
  };
  const field = (text: string): void => put(`${Buffer.byteLength(text)}:${text}`);
  field(recipe);
  for (const { name, value } of ingredients) {
    field(name);
    const values = typeof value === 'string' ? [value] : value;
    put(`${typeof value === 'string' ? '' : 'list '}${values.length}:`);
    for (const part of values) field(part);
  }
  return `sha256:${hash.update(framed).digest('hex')}` as CacheKey;
}

/** Text that goes to the hash at a time: a call for each of many small fields costs more than hashing them. */
const CALL_CHARACTERS = 16 * 1024;
