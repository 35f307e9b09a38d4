import type { CacheKey } from '../cache/cache-key.ts';
import { frameKey, type Ingredient } from '../cache/frame.ts';
import type { IndexedLayer, Layer } from '../core/image.ts';
import type { StepInfo } from './events.ts';
import type { Session } from './session.ts';

/** A step as the cache sees it. */
export interface CacheableStep {
  readonly info: StepInfo;
  /** Kind of step with the version of its rules. */
  readonly recipe: string;
  /**
   * What the step is made from, where that is known without the files of the layers below: by it the key of an earlier
   * build is found again, and nothing need be looked at. It decides the result, but need not be the same for equal ones.
   */
  readonly definition?: readonly Ingredient[];
  resolve(): Promise<ResolvedStep>;
}

/** What the result of a step depends on, no more and no less, and how it is made. */
export interface ResolvedStep {
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
type CacheSession = Pick<Session, 'settings' | 'records' | 'definitions' | 'library' | 'limit' | 'signal' | 'emit'>;

export function createStepCache(session: CacheSession, now: () => string): StepCache {
  const running = new Map<CacheKey, Promise<StepLayer>>();
  const counts = { cached: 0, executed: 0 };

  async function findResolved(step: CacheableStep): Promise<StepLayer> {
    const { info, recipe } = step;
    const resolved = await step.resolve();
    const key = frameKey(recipe, resolved.ingredients);
    const twin = running.get(key);
    const result = twin ?? findOrMake({ session, info, recipe, resolved, key, now });
    running.set(key, result);
    const found = await result;
    const definition = definitionKey(step);
    // What a limited host made has another key.
    if (definition !== undefined && found.key === key) session.definitions.record(definition, key);
    return twin === undefined ? found : { ...found, cached: true };
  }

  return {
    counts: () => ({ ...counts }),
    async layerFor(step) {
      const result = (await findDefined(session, step)) ?? (await findResolved(step));
      counts[result.cached ? 'cached' : 'executed']++;
      if (result.cached) session.emit({ type: 'step-cached', step: step.info, key: result.key });
      return result;
    },
  };
}

function definitionKey({ recipe, definition }: CacheableStep): CacheKey | undefined {
  return definition && frameKey(`${recipe} by definition`, definition);
}

async function findDefined(session: CacheSession, step: CacheableStep): Promise<StepLayer | undefined> {
  const definition = definitionKey(step);
  const key = definition && session.definitions.lookup(definition);
  return key && (await findRecorded(session, key));
}

interface Request {
  readonly session: CacheSession;
  readonly info: StepInfo;
  readonly recipe: string;
  readonly resolved: ResolvedStep;
  readonly key: CacheKey;
  readonly now: () => string;
}

async function findOrMake(request: Request): Promise<StepLayer> {
  const recorded = await findRecorded(request.session, request.key);
  if (recorded !== undefined) return recorded;
  const limits = (await request.resolved.hostLimits?.()) ?? [];
  if (limits.length === 0) return await makeAndRecord(request);
  const limited = withIngredients(request, limits);
  return (await findRecorded(limited.session, limited.key)) ?? (await makeAndRecord(limited));
}

function withIngredients(request: Request, more: readonly Ingredient[]): Request {
  const ingredients = [...request.resolved.ingredients, ...more];
  return {
    ...request,
    resolved: { ...request.resolved, ingredients },
    key: frameKey(request.recipe, ingredients),
  };
}

async function findRecorded(session: CacheSession, key: CacheKey): Promise<StepLayer | undefined> {
  if (session.settings.noCache) return undefined;
  const record = session.records.lookup(key);
  if (record === undefined) return undefined;
  const layer = await session.library.find(record.diffId);
  return layer === undefined ? undefined : { layer, created: record.created, cached: true, key };
}

async function makeAndRecord({ session, info, resolved, key, now }: Request): Promise<StepLayer> {
  const { toc, ...layer } = await session.limit.run(() => {
    session.signal.throwIfAborted();
    return resolved.make();
  });
  const created = now();
  await session.library.add({ ...layer, toc });
  session.records.record({ key, diffId: layer.diffId, created, step: info.text, ingredients: resolved.ingredients });
  session.emit({
    type: 'layer-written',
    step: info,
    layer: layer.descriptor,
    diffId: layer.diffId,
    uncompressedSize: toc.size,
  });
  return { layer, created, cached: false, key };
}
