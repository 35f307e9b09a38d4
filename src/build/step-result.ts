import type { CacheKey } from '../cache/cache-key.ts';
import { frameKey, type Ingredient } from '../cache/frame.ts';
import type { DiffId } from '../core/digest.ts';
import type { IndexedLayer, Layer } from '../core/image.ts';
import { allAtRest } from '../io/at-rest.ts';
import type { ResolvedStep } from './cacheable-step.ts';
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

/** What of a session the cache needs. */
export type CacheSession = Pick<
  Session,
  'settings' | 'records' | 'definitions' | 'library' | 'limit' | 'signal' | 'emit' | 'shared' | 'trace'
>;

/** Steps that are carried out at this moment, by key: builds of one process may share it. */
export type RunningSteps = Map<CacheKey, Promise<StepLayer>>;

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

/** The result of a step whose key is known: recorded, shared by another machine, or made now and recorded. */
export async function findOrMake(request: Request): Promise<StepLayer> {
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
export function mayRead({ settings }: CacheSession, { stage }: StepInfo): boolean {
  return !settings.noCache && !settings.noCacheFilter.includes(stage.toLowerCase());
}

export async function findRecorded({
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

export function atWork<T>({ limit, signal }: CacheSession, make: () => Promise<T>): Promise<T> {
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

export async function record(made: Made): Promise<StepLayer> {
  const { session, info, key } = made;
  const { descriptor, diffId, toc } = made.layer;
  const created = made.now();
  await session.library.add(made.layer);
  remember(made, { diffId, created });
  session.emit({ type: 'layer-written', step: info, layer: descriptor, diffId, uncompressedSize: toc.size });
  return { layer: { descriptor, diffId }, created, cached: false, key };
}
