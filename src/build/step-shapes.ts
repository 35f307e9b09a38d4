import type { CacheKey } from '../cache/cache-key.ts';
import { frameKey, type Ingredient } from '../cache/frame.ts';
import type { DiffId } from '../core/digest.ts';
import type { CacheableStep } from './cacheable-step.ts';
import type { CacheSession } from './step-result.ts';

/** The key by which a step is found before its files are looked at. */
export function definitionKey(recipe: string, definition: readonly Ingredient[]): CacheKey {
  return frameKey(`${recipe} by definition`, definition);
}

/** What steps of one shape share: all but what their files hold. */
export function shapeKey(recipe: string, shape: readonly Ingredient[]): CacheKey {
  return frameKey(`${recipe} by shape`, shape);
}

/** Whether a step of this shape was made before, or another machine may have made one. */
export function mayBeKnown({ definitions, shared }: CacheSession, shape: CacheKey): boolean {
  return shared()?.hasSources === true || definitions.lookup(shape) !== undefined;
}

/** What the step of this shape made that came last: much of it may be used again. */
export function earlierLayer(
  { definitions, records, settings }: CacheSession,
  step: CacheableStep,
): DiffId | undefined {
  if (step.shape === undefined || settings.noCache) return undefined;
  const key = definitions.lookup(shapeKey(step.recipe, step.shape));
  return key && records.lookup(key)?.diffId;
}

export function rememberShape({ definitions }: CacheSession, shape: CacheKey, key: CacheKey): void {
  if (definitions.lookup(shape) !== key) definitions.record(shape, key);
}
