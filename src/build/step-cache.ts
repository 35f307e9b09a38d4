import type { CacheKey } from '../cache/cache-key.ts';
import { frameKey, type Ingredient } from '../cache/frame.ts';
import type { DiffId } from '../core/digest.ts';
import type { IndexedLayer, Layer } from '../core/image.ts';
import { allAtRest } from '../io/at-rest.ts';
import type { CacheableStep, FirstStep, ResolvedStep } from './cacheable-step.ts';
import type { StepInfo } from './events.ts';
import { explainMiss } from './explain/explain-miss.ts';
import type { Session } from './session.ts';

export interface StepLayer {
  readonly layer: Layer;
  /** RFC 3339, for the history. */
  readonly created: string;
  readonly cached: boolean;
  readonly key: CacheKey;
  /** Which of several layers of the step this is, for the history. */
  readonly part?: string;
  /** Made by a host with limits, and good for such hosts only. */
  readonly isLimited?: true;
}

/**
 * The layer of a step: from the cache, from an equal step of this build that runs at this moment, or made now. What was
 * made is recorded.
 */
export interface StepCache {
  layerFor(step: CacheableStep): Promise<StepLayer>;
  /**
   * Makes a step whose like was never made: no record can hold its result. `undefined` when there may be one; then
   * {@link layerFor} finds it, once the contents are known.
   */
  firstLayer(step: FirstStep): Promise<StepLayer | undefined>;
  /** Steps so far. */
  counts(): { readonly cached: number; readonly executed: number };
}

/** What of a session the cache needs. */
type CacheSession = Pick<
  Session,
  'settings' | 'records' | 'definitions' | 'library' | 'limit' | 'signal' | 'emit' | 'shared' | 'trace'
>;

/** Steps that are carried out at this moment, by key: builds of one process may share it. */
export type RunningSteps = Map<CacheKey, Promise<StepLayer>>;

export interface StepCacheOptions {
  readonly now: () => string;
  readonly running?: RunningSteps;
  /** Names of the stages whose layers the image will have. */
  readonly imageStages?: ReadonlySet<string>;
}

export function createStepCache(
  session: CacheSession,
  { now, running = new Map(), imageStages = new Set() }: StepCacheOptions,
): StepCache {
  /** First ones of their shape. */
  const firsts = new Map<CacheKey, Promise<StepLayer>>();
  const counts = { cached: 0, executed: 0 };

  async function findResolved(step: CacheableStep, definition: CacheKey | undefined): Promise<StepLayer> {
    const { info, recipe, part } = step;
    const resolved = await step.resolve();
    const key = frameKey(recipe, resolved.ingredients);
    const twin = running.get(key);
    const result =
      twin ??
      findOrMake({ session, info, recipe, part, resolved, key, now, earlier: () => earlierLayer(session, step) });
    running.set(key, result);
    const found = await result;
    // What a limited host made has another key.
    if (definition !== undefined && found.key === key) session.definitions.record(definition, key);
    if (step.shape !== undefined) rememberShape(session, shapeKey(step.recipe, step.shape), key);
    return twin === undefined ? found : { ...found, cached: true };
  }

  async function makeFirst(step: FirstStep, shape: CacheKey): Promise<StepLayer> {
    const { info, recipe } = step;
    const { layer, definition, ingredients } = await atWork(session, () => step.make());
    const key = frameKey(recipe, ingredients);
    explainMiss(session, info, { recipe, key, ingredients, mayRead: mayRead(session, info) });
    const made = await record({ session, info, recipe, key, now, layer, ingredients });
    running.set(key, Promise.resolve(made));
    session.definitions.record(definitionKey(recipe, definition), key);
    rememberShape(session, shape, key);
    return made;
  }

  /** What limited hosts made is kept from others. */
  function share({ text, stage }: StepInfo, { layer, created, key, isLimited }: StepLayer): void {
    if (isLimited === true) return;
    session.shared()?.offer({ key, created, step: text, ...layer }, imageStages.has(stage));
  }

  return {
    counts: () => ({ ...counts }),
    async firstLayer(step) {
      const shape = shapeKey(step.recipe, step.shape);
      const twin = firsts.get(shape);
      if (twin !== undefined) {
        // It has read the same files: what they hold is known then.
        await Promise.allSettled([twin]);
        return undefined;
      }
      if (mayRead(session, step.info) && mayBeKnown(session, shape)) return undefined;
      const making = makeFirst(step, shape);
      firsts.set(shape, making);
      const made = await making;
      counts.executed++;
      share(step.info, made);
      return made;
    },
    async layerFor(step) {
      const definition = step.definition && definitionKey(step.recipe, step.definition);
      const result = (await findDefined(session, step.info, definition)) ?? (await findResolved(step, definition));
      counts[result.cached ? 'cached' : 'executed']++;
      if (result.cached && step.part === undefined)
        session.emit({ type: 'step-cached', step: step.info, key: result.key });
      share(step.info, result);
      return result;
    },
  };
}

/** Whether a step of this shape was made before, or another machine may have made one. */
function mayBeKnown({ definitions, shared }: CacheSession, shape: CacheKey): boolean {
  return shared()?.hasSources === true || definitions.lookup(shape) !== undefined;
}

function definitionKey(recipe: string, definition: readonly Ingredient[]): CacheKey {
  return frameKey(`${recipe} by definition`, definition);
}

function shapeKey(recipe: string, shape: readonly Ingredient[]): CacheKey {
  return frameKey(`${recipe} by shape`, shape);
}

function earlierLayer({ definitions, records, settings }: CacheSession, step: CacheableStep): DiffId | undefined {
  if (step.shape === undefined || settings.noCache) return undefined;
  const key = definitions.lookup(shapeKey(step.recipe, step.shape));
  return key && records.lookup(key)?.diffId;
}

function rememberShape({ definitions }: CacheSession, shape: CacheKey, key: CacheKey): void {
  if (definitions.lookup(shape) !== key) definitions.record(shape, key);
}

async function findDefined(
  session: CacheSession,
  info: StepInfo,
  definition: CacheKey | undefined,
): Promise<StepLayer | undefined> {
  const key = definition && session.definitions.lookup(definition);
  return key && (await findRecorded({ session, info, key }));
}

interface Request {
  readonly session: CacheSession;
  readonly info: StepInfo;
  readonly recipe: string;
  readonly part?: number | undefined;
  readonly resolved: ResolvedStep;
  readonly key: CacheKey;
  readonly now: () => string;
  readonly earlier: () => DiffId | undefined;
}

async function findOrMake(request: Request): Promise<StepLayer> {
  const known = (await findRecorded(request)) ?? (await findShared(request));
  if (known !== undefined) return known;
  const limits = (await request.resolved.hostLimits?.()) ?? [];
  if (limits.length === 0) return await makeAndRecord(request);
  const limited = withIngredients(request, limits);
  const result = (await findRecorded(limited)) ?? (await makeAndRecord(limited));
  return { ...result, isLimited: true };
}

function withIngredients(request: Request, more: readonly Ingredient[]): Request {
  const ingredients = [...request.resolved.ingredients, ...more];
  return {
    ...request,
    resolved: { ...request.resolved, ingredients },
    key: frameKey(request.recipe, ingredients),
  };
}

/** Whether what earlier builds made counts for a step. */
function mayRead({ settings }: CacheSession, { stage }: StepInfo): boolean {
  return !settings.noCache && !settings.noCacheFilter.includes(stage.toLowerCase());
}

async function findRecorded({
  session,
  info,
  key,
}: Pick<Request, 'session' | 'info' | 'key'>): Promise<StepLayer | undefined> {
  if (!mayRead(session, info)) return undefined;
  const record = session.records.lookup(key);
  if (record === undefined) return undefined;
  const layer = await session.library.find(record.diffId);
  return layer === undefined ? undefined : { layer, created: record.created, cached: true, key };
}

/** What another machine made. It is recorded here when its layer is, too. */
async function findShared(request: Request): Promise<StepLayer | undefined> {
  const { session, info, resolved, key } = request;
  if (!mayRead(session, info)) return undefined;
  const { ingredients } = resolved;
  const remarks = resolved.remarks?.();
  const found = await session.shared()?.find(key, (layer) => remember({ ...request, ingredients, remarks }, layer));
  if (found === undefined) return undefined;
  const { created, ...layer } = found;
  return { layer, created, cached: true, key };
}

async function makeAndRecord(request: Request): Promise<StepLayer> {
  const { session, info, resolved, earlier } = request;
  const { ingredients } = resolved;
  const remarks = resolved.remarks?.() ?? [];
  explainMiss(session, info, { ...request, ingredients, remarks, mayRead: mayRead(session, info) });
  const layer = await atWork(session, () => resolved.make(earlier()));
  const recorded = record({ ...request, layer, ingredients, remarks });
  await allAtRest<unknown>([recorded, resolved.settled?.() ?? Promise.resolve()]);
  return await recorded;
}

function atWork<T>({ limit, signal }: CacheSession, make: () => Promise<T>): Promise<T> {
  return limit.run(() => {
    signal.throwIfAborted();
    return make();
  });
}

interface Known extends Pick<Request, 'session' | 'info' | 'recipe' | 'key'> {
  readonly ingredients: readonly Ingredient[];
  readonly remarks?: readonly Ingredient[] | undefined;
}

/** Later builds find the layer by the key. */
function remember(
  { session, info, recipe, key, ingredients, remarks = [] }: Known,
  { diffId, created }: { readonly diffId: DiffId; readonly created: string },
): void {
  const step = info.text;
  session.records.record({ key, diffId, created, step, recipe, ingredients, ...(remarks.length > 0 && { remarks }) });
}

interface Made extends Known, Pick<Request, 'now'> {
  readonly layer: IndexedLayer;
}

async function record(made: Made): Promise<StepLayer> {
  const { session, info, key } = made;
  const { descriptor, diffId, toc } = made.layer;
  const created = made.now();
  await session.library.add(made.layer);
  remember(made, { diffId, created });
  session.emit({ type: 'layer-written', step: info, layer: descriptor, diffId, uncompressedSize: toc.size });
  return { layer: { descriptor, diffId }, created, cached: false, key };
}
