import type { CacheKey } from '../cache/cache-key.ts';
import { frameKey } from '../cache/frame.ts';
import type { FirstStep } from './cacheable-step.ts';
import { explainMiss } from './explain/explain-miss.ts';
import { atWork, type CacheSession, mayRead, type RunningSteps, record, type StepLayer } from './step-result.ts';
import { definitionKey, mayBeKnown, rememberShape, shapeKey } from './step-shapes.ts';

export interface FirstStepsOptions {
  readonly now: () => string;
  readonly running: RunningSteps;
}

/** Steps whose like was never made: they are carried out before anybody knows their keys. */
export interface FirstSteps {
  /** Makes a step, and records it; `undefined` when a record may hold its result. */
  make(step: FirstStep): Promise<StepLayer | undefined>;
}

export function createFirstSteps(session: CacheSession, { now, running }: FirstStepsOptions): FirstSteps {
  const byShape = new Map<CacheKey, Promise<StepLayer>>();

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

  return {
    async make(step) {
      const shape = shapeKey(step.recipe, step.shape);
      const twin = byShape.get(shape);
      if (twin !== undefined) {
        // It has read the same files: what they hold is known then.
        await Promise.allSettled([twin]);
        return undefined;
      }
      if (mayRead(session, step.info) && mayBeKnown(session, shape)) return undefined;
      const making = makeFirst(step, shape);
      byShape.set(shape, making);
      return await making;
    },
  };
}
