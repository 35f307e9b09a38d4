import { createHash } from 'node:crypto';
import { deflateRawSync, zstdCompressSync } from 'node:zlib';
import type { Compression } from '../core/media-types.ts';

/** Changes when the rule by which a stream is cut into compressed blocks changes, and so the bytes. */
const BLOCK_RULE = 'fixed-256k-dict32k-1';
const PROBE_BYTES = 256 * 1024;

const recipes = new Map<Compression, string>();

/**
 * Names exactly which bytes a compression gives on this machine: format, block rule, and the digest of one fixed probe
 * compressed here, since Node builds carry different versions of zlib. Two machines with one recipe write one blob.
 */
export function compressionRecipe(compression: Compression): string {
  const known = recipes.get(compression);
  if (known !== undefined) return known;
  const recipe = compression === 'none' ? 'none' : `${compression} ${BLOCK_RULE} ${probe(compression)}`;
  recipes.set(compression, recipe);
  return recipe;
}

/** Blobs that somebody else compressed: kept as they came. */
export const FOREIGN_RECIPE = 'foreign';

function probe(compression: 'gzip' | 'zstd'): string {
  const input = Buffer.alloc(PROBE_BYTES);
  let seed = 12_345;
  for (let i = 0; i < PROBE_BYTES; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    input[i] = 97 + (seed >>> 24) ** 2 / 4096;
  }
  const compressed = compression === 'gzip' ? deflateRawSync(input, { level: 6 }) : zstdCompressSync(input);
  return createHash('sha256').update(compressed).digest('hex').slice(0, 16);
}
