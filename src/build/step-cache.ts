import type { CacheKey } from '../cache/cache-key.ts';
import { frameKey } from '../cache/frame.ts';
import type { CacheableStep, FirstStep } from './cacheable-step.ts';
import type { StepInfo } from './events.ts';
import { createFirstSteps, type FirstStepsOptions } from './first-steps.ts';
import { type CacheSession, findOrMake, findRecorded, type RunningSteps, type StepLayer } from './step-result.ts';
import { definitionKey, earlierLayer, rememberShape, shapeKey } from './step-shapes.ts';

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
  const firsts = createFirstSteps(session, { now, running });
  const counts = { cached: 0, executed: 0 };

  /** What limited hosts made is kept from others. */
  function share({ text, stage }: StepInfo, { layer, created, key, isLimited }: StepLayer): void {
    if (isLimited === true) return;
    session.shared()?.offer({ key, created, step: text, ...layer }, imageStages.has(stage));
  }

  return {
    counts: () => ({ ...counts }),
    async firstLayer(step) {
      const made = await firsts.make(step);
      if (made === undefined) return undefined;
      counts.executed++;
      share(step.info, made);
      return made;
    },
    async layerFor(step) {
      const definition = step.definition && definitionKey(step.recipe, step.definition);
      const result =
        (await findDefined(session, step.info, definition)) ??
        (await findResolved(session, { step, definition, now, running }));
      counts[result.cached ? 'cached' : 'executed']++;
      if (result.cached && step.part === undefined)
        session.emit({ type: 'step-cached', step: step.info, key: result.key });
      share(step.info, result);
      return result;
    },
  };
}

async function findDefined(
  session: CacheSession,
  info: StepInfo,
  definition: CacheKey | undefined,
): Promise<StepLayer | undefined> {
  const key = definition && session.definitions.lookup(definition);
  return key && (await findRecorded({ session, info, key }));
}

interface ResolveRequest extends FirstStepsOptions {
  readonly step: CacheableStep;
  readonly definition: CacheKey | undefined;
}

/** By what its files hold; an equal step that runs at this moment does the work for both. */
async function findResolved(
  session: CacheSession,
  { step, definition, now, running }: ResolveRequest,
): Promise<StepLayer> {
  const { info, recipe, part } = step;
  const resolved = await step.resolve();
  const key = frameKey(recipe, resolved.ingredients);
  const twin = running.get(key);
  const result =
    twin ?? findOrMake({ session, info, recipe, part, resolved, key, now, earlier: () => earlierLayer(session, step) });
  running.set(key, result);
  const found = await result;
  // What a limited host made has another key.
  if (definition !== undefined && found.key === key) session.definitions.record(definition, key);
  if (step.shape !== undefined) rememberShape(session, shapeKey(step.recipe, step.shape), key);
  return twin === undefined ? found : { ...found, cached: true };
}
