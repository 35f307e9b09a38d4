import type { StoreOptions } from '../stored-images.ts';
import { takeInventory } from './inventory.ts';
import type { CacheItem } from './item.ts';
import { openCache } from './open-cache.ts';

/** Everything that a cache holds, what was used last first. Sizes are bytes on disk. */
export async function listCache(options: StoreOptions = {}): Promise<readonly CacheItem[]> {
  const items = await takeInventory(openCache(options));
  return items.map(withoutFiles).sort((a, b) => b.usedMs - a.usedMs);
}

export function withoutFiles({ kind, id, size, usedMs, text, reachedBy }: CacheItem): CacheItem {
  return { kind, id, size, usedMs, text, reachedBy };
}
