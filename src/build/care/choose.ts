import type { CacheItem } from './item.ts';

/** What is to be taken away. Without any limit: what nobody can reach, and the roots of failed commands. */
export interface PruneLimits {
  /** Everything that no image of the local store needs. */
  readonly all?: boolean;
  /** Also what was last used that many milliseconds ago, or longer. */
  readonly olderThanMs?: number;
  /** Also what was used longest ago, until no more than so many bytes are left. */
  readonly maxSize?: number;
}

/**
 * Chooses what is taken away: never what a name of the local store needs, nor what `isInUse`; what nobody can reach first,
 * then what was used longest ago. Pure.
 */
export function chooseItems<Item extends CacheItem>(
  items: readonly Item[],
  limits: PruneLimits,
  { nowMs, isInUse }: { readonly nowMs: number; readonly isInUse: (item: Item) => boolean },
): Item[] {
  const { all = false, olderThanMs = Number.POSITIVE_INFINITY, maxSize = Number.POSITIVE_INFINITY } = limits;
  const chosen: Item[] = [];
  let left = items.reduce((sum, { size }) => sum + size, 0);
  for (const item of [...items].sort(byUse)) {
    if (item.reachedBy === 'named' || isInUse(item)) continue;
    const isOld = nowMs - item.usedMs >= olderThanMs;
    const isFree = item.reachedBy === 'nothing' || (item.reachedBy === 'shell' && !isLimited(limits));
    if (!isFree && !all && !isOld && left <= maxSize) continue;
    chosen.push(item);
    left -= item.size;
  }
  return chosen;
}

function isLimited({ olderThanMs, maxSize }: PruneLimits): boolean {
  return olderThanMs !== undefined || maxSize !== undefined;
}

function byUse(a: CacheItem, b: CacheItem): number {
  return (
    rankOf(a) - rankOf(b) || a.usedMs - b.usedMs || Number(b.reachedBy === 'shell') - Number(a.reachedBy === 'shell')
  );
}

function rankOf({ reachedBy }: CacheItem): number {
  return reachedBy === 'nothing' ? 0 : 1;
}
