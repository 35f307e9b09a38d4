import type { ImageConfig } from '../core/image.ts';
import { inheritConfig } from './base-config.ts';
import { type LocatedInstruction, parseTriggers } from './base-triggers.ts';
import type { BuildGraph, Stage, Variables } from './graph.ts';
import type { EvaluateOptions, InstructionContext } from './instruction-context.ts';
import { evaluateInstruction } from './instructions/evaluate-instruction.ts';
import { NO_VARIABLES } from './scope.ts';
import type { StageState } from './stage-state.ts';
import { type Step, stepOrigins } from './step.ts';
import type { WarningListener } from './warning.ts';

export interface StageRequest {
  readonly graph: BuildGraph;
  readonly stage: Stage;
  /** What FROM names: an image's configuration, `scratchConfig()`, or another evaluated stage. */
  readonly base: StageOrigin;
  readonly options: EvaluateOptions;
  readonly onWarning?: WarningListener;
}

export interface StageOrigin {
  readonly config: ImageConfig;
  /** ARGs that a stage inherits from its base stage; none from an image. */
  readonly args?: Variables;
}

/** A stage with every variable expanded and every default filled in: what the executor carries out. */
export interface EvaluatedStage {
  readonly steps: readonly Step[];
  /** The final configuration; `rootfs` and `history` are still those of the base. */
  readonly config: ImageConfig;
  /** For stages built on this one. */
  readonly args: Variables;
  /** ARGs of this stage with the value of their last declaration. */
  readonly declared: Variables;
  /**
   * Stages whose files the steps read, ascending. Triggers of a base image may name ones that the graph could not
   * foresee.
   */
  readonly dependencies: readonly number[];
}

/**
 * Turns the instructions of a stage into steps and the final configuration (reference, sections 5 to 11). Pure.
 * @throws PlanError with the place in the Dockerfile or in a trigger of the base
 */
export function evaluateStage(request: StageRequest): EvaluatedStage {
  const { graph, stage, base } = request;
  const own = stage.instructions.map((instruction): LocatedInstruction => ({ instruction, source: graph.source }));
  const instructions = [...parseTriggers(base.config.config?.OnBuild ?? []), ...own];
  const steps: Step[] = [];
  let state = initialState(request);
  for (const { instruction, source } of instructions) {
    const outcome = evaluateInstruction(instruction, state, contextOf(request, source));
    state = outcome.state;
    if (outcome.step !== undefined) steps.push(outcome.step);
  }
  const { config, args, declared } = state;
  return { steps, config, args, declared, dependencies: stageDependencies(steps) };
}

function initialState({ graph, stage, base }: StageRequest): StageState {
  return {
    config: inheritConfig(base.config),
    args: base.args ?? NO_VARIABLES,
    declared: NO_VARIABLES,
    commandGiven: false,
    workdirGiven: inheritsWorkdir(graph, stage),
  };
}

function contextOf(
  { graph, stage, options, onWarning }: StageRequest,
  source: BuildGraph['source'],
): InstructionContext {
  return { graph, stage, options, source, onWarning: onWarning ?? (() => {}) };
}

/** Whether a stage below this one has a WORKDIR; that of an image does not count, since it may change. */
function inheritsWorkdir({ stages }: BuildGraph, { base }: Stage): boolean {
  for (let below = base; below.kind === 'stage'; ) {
    const stage = stages[below.index];
    if (stage === undefined) return false;
    if (stage.instructions.some(({ kind }) => kind === 'WORKDIR')) return true;
    below = stage.base;
  }
  return false;
}

function stageDependencies(steps: readonly Step[]): readonly number[] {
  const indexes = steps.flatMap(stepOrigins).flatMap((origin) => (origin.kind === 'stage' ? [origin.index] : []));
  return [...new Set(indexes)].sort((a, b) => a - b);
}
