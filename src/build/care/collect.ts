import { statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { markUsed } from '../../io/touch.ts';
import { takeInventory } from './inventory.ts';
import { openCache } from './open-cache.ts';
import { pruneCache } from './prune-cache.ts';

const EVERY_MS = 10 * 60 * 1000;
const MOST_AT_ONCE = 200;
const SMALLEST_DEFAULT = 10e9;
const SHARE_OF_DISK = 0.1;

export interface CollectRequest {
  readonly cacheDir: string;
  /** Bytes that the cache may take; default: a tenth of its disk, but 10 GB at least. */
  readonly maxSize: number | undefined;
}

/**
 * Brings a cache that grew too big back to its limit, a part at a time, after a build. The default limit is looked at
 * every ten minutes, and not by the first build. What goes wrong with it is no failure of the build.
 */
export async function collect({ cacheDir, maxSize }: CollectRequest): Promise<void> {
  try {
    if (maxSize === undefined && !isDue(join(cacheDir, 'collected'))) return;
    const limit = maxSize ?? defaultLimit(cacheDir);
    const items = await takeInventory(openCache({ cacheDir }));
    if (items.reduce((sum, { size }) => sum + size, 0) <= limit) return;
    await pruneCache({ cacheDir, maxSize: limit, maxItems: MOST_AT_ONCE });
  } catch {
    // The next build tries again.
  }
}

function defaultLimit(cacheDir: string): number {
  const { blocks, bsize } = statfsSync(cacheDir);
  return Math.max(SMALLEST_DEFAULT, blocks * bsize * SHARE_OF_DISK);
}

function isDue(marker: string): boolean {
  const lastMs = statSync(marker, { throwIfNoEntry: false })?.mtimeMs;
  if (lastMs !== undefined && Date.now() - lastMs < EVERY_MS) return false;
  markUsed(marker);
  return lastMs !== undefined;
}
