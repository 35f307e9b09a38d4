import type { Ingredient } from '../cache/frame.ts';
import type { DiffId } from '../core/digest.ts';
import type { IndexedLayer } from '../core/image.ts';
import type { StepInfo } from './events.ts';

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
  /** See {@link FirstStep}; what was made is remembered under it. */
  readonly shape?: readonly Ingredient[];
  /** Which of several layers of a step, which itself tells whether it was cached. */
  readonly part?: number;
  resolve(): Promise<ResolvedStep>;
}

/** What the result of a step depends on, no more and no less, and how it is made. */
export interface ResolvedStep {
  readonly ingredients: readonly Ingredient[];
  /** What is behind the ingredients, to explain a miss: it is no part of the key, and asked for only then. */
  remarks?(): readonly Ingredient[];
  /**
   * What of this machine shows in the result, for one that cannot do everything. Asked when nothing is recorded yet: what
   * a machine without limits has made is good for all.
   */
  hostLimits?(): Promise<readonly Ingredient[]>;
  /** @param earlier the last layer that a step of this shape made */
  make(earlier?: DiffId): Promise<IndexedLayer>;
  /** What is still being done with what was made, while it is recorded. Its failure is the step's. */
  settled?(): Promise<void>;
}

/** A step that can be made before it is known what its files hold, since making it reads them anyway. */
export interface FirstStep {
  readonly info: StepInfo;
  readonly recipe: string;
  /** What it is made from, but for the contents: no step of this shape was ever made. */
  readonly shape: readonly Ingredient[];
  make(): Promise<FirstResult>;
}

/** What was made, and what it has turned out to depend on: the same as for a {@link CacheableStep}. */
export interface FirstResult {
  readonly layer: IndexedLayer;
  readonly definition: readonly Ingredient[];
  readonly ingredients: readonly Ingredient[];
}
