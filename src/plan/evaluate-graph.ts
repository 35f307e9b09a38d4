import { type BuilderError, isBuilderError } from '../core/errors.ts';
import type { ImageConfig } from '../core/image.ts';
import type { Platform } from '../core/platform.ts';
import { scratchConfig } from './base-config.ts';
import type { BuildArgs } from './build-args.ts';
import { type EvaluatedStage, evaluateStage, type StageOrigin } from './evaluate-stage.ts';
import { createExpansionBudget } from './expansion-budget.ts';
import type { BuildGraph, Stage } from './graph.ts';
import type { EvaluateOptions } from './instruction-context.ts';
import type { ContextLookup } from './origins.ts';
import type { WarningListener } from './warning.ts';

export interface GraphRequest {
  readonly graph: BuildGraph;
  readonly buildArgs: BuildArgs;
  /** What a `--build-context` of that name stands for. Default: there is none. */
  readonly lookupContext?: ContextLookup;
  /** Target platform. */
  readonly platform: Platform;
  /** Configuration of a base image. One that it does not know counts as bare. Default: knows none. */
  readonly baseConfig?: (reference: string) => ImageConfig | undefined;
  readonly onWarning?: (stage: Stage, ...warning: Parameters<WarningListener>) => void;
}

/** What is known of a stage without building anything. */
export interface StageOutcome {
  readonly stage: Stage;
  /** False when the stage stands, at the bottom, on an image or context whose configuration nobody knows. */
  readonly baseKnown: boolean;
  /** Absent when `error` is there, or when the base stage has no result. */
  readonly result?: EvaluatedStage;
  readonly error?: BuilderError;
}

/** Evaluates stages without building them: a stage with an error does not hide what is wrong with others. Pure. */
export function evaluateGraph(request: GraphRequest): readonly StageOutcome[] {
  const outcomes: StageOutcome[] = [];
  for (const stage of request.graph.stages) outcomes.push(evaluateOne(stage, outcomes, request));
  return outcomes;
}

function evaluateOne(stage: Stage, earlier: readonly StageOutcome[], request: GraphRequest): StageOutcome {
  const below = stage.base.kind === 'stage' ? earlier[stage.base.index] : undefined;
  const config = knownConfig(stage, request);
  const baseKnown = below?.baseKnown ?? config !== undefined;
  if (below !== undefined && below.result === undefined) return { stage, baseKnown };
  const base = below?.result ?? { config: config ?? scratchConfig(stage.platform ?? request.platform) };
  return { stage, baseKnown, ...attempt(stage, base, request) };
}

function knownConfig({ base, platform }: Stage, request: GraphRequest): ImageConfig | undefined {
  if (base.kind === 'scratch') return scratchConfig(platform ?? request.platform);
  return base.kind === 'image' ? request.baseConfig?.(base.reference) : undefined;
}

function attempt(stage: Stage, base: StageOrigin, request: GraphRequest): Pick<StageOutcome, 'result' | 'error'> {
  const { graph, onWarning } = request;
  try {
    const tell: WarningListener = (warning, source) => onWarning?.(stage, warning, source);
    return { result: evaluateStage({ graph, stage, base, options: evaluateOptions(request), onWarning: tell }) };
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    return { error };
  }
}

/** Nothing is run, so whatever a RUN may ask for is allowed. */
function evaluateOptions({ buildArgs, lookupContext }: GraphRequest): EvaluateOptions {
  return {
    buildArgs,
    network: 'default',
    allow: ['network.host', 'security.insecure'],
    timestamps: 'fixed',
    budget: createExpansionBudget(),
    ...(lookupContext && { lookupContext }),
  };
}
