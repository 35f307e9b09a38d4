import type { CacheKey } from '../cache/cache-key.ts';
import { frameKey, type Ingredient } from '../cache/frame.ts';
import type { IndexedLayer, Layer } from '../core/image.ts';
import type { StepInfo } from './events.ts';
import type { Session } from './session.ts';

/** A step as the cache sees it: what its result depends on, and how the result is made. */
export interface CacheableStep {
  readonly info: StepInfo;
  /** Kind of step with the version of its rules. */
  readonly recipe: string;
  readonly ingredients: readonly Ingredient[];
  /**
   * What of this machine shows in the result, for one that cannot do everything. Asked when nothing is recorded yet: what
   * a machine without limits has made is good for all.
   */
  hostLimits?(): Promise<readonly Ingredient[]>;
  make(): Promise<IndexedLayer>;
}

export interface StepLayer {
  readonly layer: Layer;
  /** RFC 3339, for the history. */
  readonly created: string;
  readonly cached: boolean;
  readonly key: CacheKey;
}

/**
 * The layer of a step: from the cache, from an equal step of this build that runs at this moment, or made now. What was
 * made is recorded.
 */
export interface StepCache {
  layerFor(step: CacheableStep): Promise<StepLayer>;
  /** Steps so far. */
  counts(): { readonly cached: number; readonly executed: number };
}

/** What of a session the cache needs. */
type CacheSession = Pick<Session, 'settings' | 'records' | 'library' | 'limit' | 'signal' | 'emit'>;

export function createStepCache(session: CacheSession, now: () => string): StepCache {
  const running = new Map<CacheKey, Promise<StepLayer>>();
  const counts = { cached: 0, executed: 0 };

  function announce(step: StepInfo, result: StepLayer): StepLayer {
    counts[result.cached ? 'cached' : 'executed']++;
    if (result.cached) session.emit({ type: 'step-cached', step, key: result.key });
    return result;
  }

  return {
    counts: () => ({ ...counts }),
    async layerFor(step) {
      const key = frameKey(step.recipe, step.ingredients);
      const twin = running.get(key);
      if (twin !== undefined) return announce(step.info, { ...(await twin), cached: true });
      const result = findOrMake({ session, step, key, now });
      running.set(key, result);
      return announce(step.info, await result);
    },
  };
}

interface Request {
  readonly session: CacheSession;
  readonly step: CacheableStep;
  readonly key: CacheKey;
  readonly now: () => string;
}

async function findOrMake(request: Request): Promise<StepLayer> {
  const recorded = await findRecorded(request);
  if (recorded !== undefined) return recorded;
  const limits = (await request.step.hostLimits?.()) ?? [];
  if (limits.length === 0) return await makeAndRecord(request);
  const limited = withIngredients(request, limits);
  return (await findRecorded(limited)) ?? (await makeAndRecord(limited));
}

function withIngredients(request: Request, more: readonly Ingredient[]): Request {
  const ingredients = [...request.step.ingredients, ...more];
  return { ...request, step: { ...request.step, ingredients }, key: frameKey(request.step.recipe, ingredients) };
}

async function findRecorded({ session, key }: Request): Promise<StepLayer | undefined> {
  if (session.settings.noCache) return undefined;
  const record = session.records.lookup(key);
  if (record === undefined) return undefined;
  const layer = await session.library.find(record.diffId);
  return layer === undefined ? undefined : { layer, created: record.created, cached: true, key };
}

async function makeAndRecord({ session, step, key, now }: Request): Promise<StepLayer> {
  const { toc, ...layer } = await session.limit.run(() => {
    session.signal.throwIfAborted();
    return step.make();
  });
  const created = now();
  await session.library.add({ ...layer, toc });
  session.records.record({ key, diffId: layer.diffId, created, step: step.info.text, ingredients: step.ingredients });
  session.emit({
    type: 'layer-written',
    step: step.info,
    layer: layer.descriptor,
    diffId: layer.diffId,
    uncompressedSize: toc.size,
  });
  return { layer, created, cached: false, key };
}
