import type { CacheKey } from '../../cache/cache-key.ts';
import { isBuilderError } from '../../core/errors.ts';

/**
 * Steps that a shared cache had, and whose layers it could not give when they were needed. The build goes by their results
 * then: it is begun anew without them.
 */
export interface LostSteps {
  /** How many there are. */
  readonly count: number;
  has(key: CacheKey): boolean;
  add(key: CacheKey): void;
}

/** After so many nothing more is taken from shared caches. */
const MOST = 20;

export function createLostSteps(): LostSteps {
  const keys = new Set<CacheKey>();
  return {
    get count() {
      return keys.size;
    },
    has: (key) => keys.has(key) || keys.size >= MOST,
    add: (key) => void keys.add(key),
  };
}

/** Not there any more, or out of reach; content that is not what was told is another matter. */
export function isLoss(error: unknown): boolean {
  return isBuilderError(error) && (error.family === 'registry' || error.code === 'CONTENT_NOT_FOUND');
}
