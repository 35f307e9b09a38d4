import type { BuildGraph } from '../plan/graph.ts';
import type { HistoryItem, ImageConfig } from '../core/image.ts';
import type { Variables } from '../plan/graph.ts';
import type { LayerStack } from './layer-stack.ts';

/** A stage when all its steps are done: what another stage can be built from or copy from. */
export interface BuiltStage {
  readonly stack: LayerStack;
  readonly config: ImageConfig;
  readonly history: readonly HistoryItem[];
  readonly args: Variables;
}

export type BuildStage = (index: number, others: (index: number) => Promise<BuiltStage>) => Promise<BuiltStage>;

/**
 * Builds all stages that the target needs at the same time; each waits only for those whose results it asks for. The
 * first failure aborts the others; when all have come to rest it is the one error that is thrown.
 */
export async function buildStages(graph: BuildGraph, buildStage: BuildStage, abort: AbortController): Promise<BuiltStage> {
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
