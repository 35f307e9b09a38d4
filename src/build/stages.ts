import type { ImageConfig } from '../core/image.ts';
import type { BuildGraph, Variables } from '../plan/graph.ts';
import type { LayerStack } from './layer-stack.ts';

/** A stage when all its steps are done: what another stage can be built from or copy from. */
export interface BuiltStage {
  readonly stack: LayerStack;
  /** With the whole history; diff IDs are those of the base. */
  readonly config: ImageConfig;
  readonly args: Variables;
}

export interface StagesRequest {
  readonly graph: BuildGraph;
  readonly buildStage: (index: number, others: (index: number) => Promise<BuiltStage>) => Promise<BuiltStage>;
  /** Aborted by the first failure, so that the other stages end. */
  readonly abort: AbortController;
}

/**
 * Builds all stages that the target needs at the same time; each waits only for those whose results it asks for. The
 * first failure aborts the others; when all have come to rest it is the one error that is thrown.
 */
export async function buildStages({ graph, buildStage, abort }: StagesRequest): Promise<BuiltStage> {
  const results = new Map<number, Promise<BuiltStage>>();
  const failures: unknown[] = [];

  function stage(index: number): Promise<BuiltStage> {
    const known = results.get(index);
    if (known !== undefined) return known;
    const started = Promise.resolve().then(() => buildStage(index, stage));
    results.set(index, started);
    started.catch((error) => {
      failures.push(error);
      abort.abort(error);
    });
    return started;
  }

  const all = graph.reachable.map((index) => stage(index));
  await Promise.allSettled(all);
  await Promise.allSettled(results.values());
  if (failures.length > 0) throw failures[0];
  return await stage(graph.target);
}
