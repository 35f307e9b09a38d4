import type { Diagnostic } from '../../src/core/errors.ts';
import type { ImageConfig } from '../../src/core/image.ts';
import type { Platform } from '../../src/core/platform.ts';
import { parse } from '../../src/parser/index.ts';
import { scratchConfig } from '../../src/plan/base-config.ts';
import { type EvaluatedStage, evaluateStage } from '../../src/plan/evaluate-stage.ts';
import type { BuildGraph } from '../../src/plan/graph.ts';
import type { EvaluateOptions } from '../../src/plan/instruction-context.ts';
import { type PlanOptions, planBuild } from '../../src/plan/plan-build.ts';

export const LINUX: Platform = { os: 'linux', architecture: 'amd64' };
export const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Plans a Dockerfile text for linux/amd64. */
export function planText(text: string, options: Partial<PlanOptions> = {}): BuildGraph {
  const dockerfile = parse(text);
  return planBuild(dockerfile, { buildArgs: {}, platform: LINUX, buildPlatform: LINUX, ...options });
}

export interface EvaluateTextOptions extends Partial<EvaluateOptions>, Partial<PlanOptions> {
  /** Configurations of base images, by reference. Default: like scratch. */
  readonly images?: Readonly<Record<string, Partial<ImageConfig>>>;
  readonly warnings?: Diagnostic[];
}

/** Evaluates the target stage of a Dockerfile text, with its base stages. */
export function evaluateText(text: string, options: EvaluateTextOptions = {}): EvaluatedStage {
  const graph = planText(text, options);
  return evaluateIndex(graph, graph.target, options);
}

function evaluateIndex(graph: BuildGraph, index: number, options: EvaluateTextOptions): EvaluatedStage {
  const stage = graph.stages[index];
  if (stage === undefined) throw new Error(`no stage ${index}`);
  return evaluateStage({
    graph,
    stage,
    base: baseOf(graph, index, options),
    options: { buildArgs: {}, network: 'default', allow: [], timestamps: 'preserve', ...options },
    onWarning: (warning) => options.warnings?.push(warning),
  });
}

function baseOf(graph: BuildGraph, index: number, options: EvaluateTextOptions) {
  const base = graph.stages[index]?.base;
  if (base?.kind === 'stage') return evaluateIndex(graph, base.index, options);
  const reference = base?.kind === 'image' ? base.reference : '';
  return { config: { ...scratchConfig(LINUX), ...options.images?.[reference] } };
}
