import { createHash } from 'node:crypto';
import type { Compression } from '../core/media-types.ts';
import { gzip } from '../io/gzip.ts';
import { zstd } from '../io/zstd.ts';

/** Changes when the rule by which a stream is cut into compressed blocks changes, and so the bytes. */
const BLOCK_RULES = { gzip: 'entries-768k-1', zstd: 'frames-768k-1' };
const PROBE_BYTES = 256 * 1024;

const recipes = new Map<Compression, Promise<string>>();

/**
 * Names exactly which bytes a compression gives on this machine: format, block rule, and the digest of one fixed probe
 * compressed here, since Node builds carry different versions of zlib. Two machines with one recipe write one blob.
 */
export function compressionRecipe(compression: Compression): Promise<string> {
  const recipe = recipes.get(compression) ?? describe(compression);
  recipes.set(compression, recipe);
  return recipe;
}

/** Blobs that somebody else compressed: kept as they came. */
export const FOREIGN_RECIPE = 'foreign';

async function describe(compression: Compression): Promise<string> {
  if (compression === 'none') return 'none';
  const hash = createHash('sha256');
  for await (const chunk of compression === 'gzip' ? gzip([probe()]) : zstd([probe()])) hash.update(chunk);
  return `${compression} ${BLOCK_RULES[compression]} ${hash.digest('hex').slice(0, 16)}`;
}

/** Pseudo-random text that repeats itself at many lengths and distances, so that every part of a compressor works. */
function probe(): Buffer {
  const bytes = Buffer.alloc(PROBE_BYTES);
  let seed = 12_345;
  const random = (limit: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  for (let at = 0; at < PROBE_BYTES; ) {
    const fresh = Math.min(at + 1 + random(16), PROBE_BYTES);
    while (at < fresh) bytes[at++] = 97 + random(26);
    const from = random(at);
    at += bytes.copy(bytes, at, from, from + random(200));
  }
  return bytes;
}
