import type { ImageConfig } from '../core/image.ts';
import type { BuildGraph, Variables } from '../plan/graph.ts';
import type { LayerStack } from './layer-stack.ts';

/** A stage when all its steps are done: what another stage can be built from or copy from. */
export interface BuiltStage {
  readonly stack: LayerStack;
  /** With the whole history; diff IDs are those of the base. */
  readonly config: ImageConfig;
  readonly args: Variables;
  /** How many of the layers, from the lowest, are those of the base image. */
  readonly baseLayers: number;
}

/** Gives another stage when it is built. */
export type OtherStages = (index: number) => Promise<BuiltStage>;

export interface StagesRequest {
  readonly graph: Pick<BuildGraph, 'reachable' | 'target'>;
  readonly buildStage: (index: number, others: OtherStages) => Promise<BuiltStage>;
  /** Told of each failure at once, to end the other stages. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Builds all stages that the target needs at the same time; each waits only for those whose results it asks for. Gives
 * the target, or throws, when all have come to rest.
 */
export async function buildStages({ graph, buildStage, onFailure }: StagesRequest): Promise<BuiltStage> {
  const results = new Map<number, Promise<BuiltStage>>();

  function stage(index: number): Promise<BuiltStage> {
    const known = results.get(index);
    if (known !== undefined) return known;
    const started = Promise.resolve().then(() => buildStage(index, stage));
    started.catch(onFailure);
    results.set(index, started);
    return started;
  }

  await Promise.allSettled(graph.reachable.map(stage));
  // A trigger of a base image may have asked for stages that nobody could foresee.
  for (let settled = 0; settled < results.size; ) {
    settled = results.size;
    await Promise.allSettled(results.values());
  }
  await Promise.all(results.values());
  return await stage(graph.target);
}
