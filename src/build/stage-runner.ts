import type { ImageConfig } from '../core/image.ts';
import type { Platform } from '../core/platform.ts';
import { scratchConfig } from '../plan/base-config.ts';
import { evaluateStage } from '../plan/evaluate-stage.ts';
import type { BuildGraph, Stage, Variables } from '../plan/graph.ts';
import type { EvaluateOptions } from '../plan/instruction-context.ts';
import { type FileOrigin, type Step, stepOrigins } from '../plan/step.ts';
import type { WarningListener } from '../plan/warning.ts';
import type { BaseImages } from './base-images.ts';
import type { StepInfo } from './events.ts';
import { createdNow, type HistoryLine, historyItems } from './history.ts';
import { LayerStack } from './layer-stack.ts';
import { locating } from './located-error.ts';
import type { Origin, Origins } from './origins.ts';
import type { Session } from './session.ts';
import { hintingAtStage } from './stage-hint.ts';
import type { BuiltStage, OtherStages } from './stages.ts';
import type { StepCache, StepLayer } from './step-cache.ts';
import { isVisible, type NextStepId, stepInfo } from './step-info.ts';
import type { StepContext } from './steps/context.ts';
import { runStep } from './steps/run-step.ts';

/** What all stages of a build share. */
export interface StageServices {
  readonly session: Session;
  readonly graph: BuildGraph;
  readonly evaluation: EvaluateOptions;
  readonly images: BaseImages;
  readonly origins: Origins;
  readonly cache: StepCache;
  readonly nextStepId: NextStepId;
  readonly onWarning: WarningListener;
}

interface StageBaseline {
  readonly config: ImageConfig;
  readonly stack: LayerStack;
  readonly args?: Variables;
}

/** Builds one stage: its base, then its steps one after the other. */
export async function runStage(services: StageServices, stage: Stage, others: OtherStages): Promise<BuiltStage> {
  const { session, graph, evaluation, onWarning } = services;
  const place = { span: stage.from.span, source: graph.source };
  const base = await locating(place, () => openBase(services, stage, others));
  const { args } = base;
  const evaluated = evaluateStage({
    graph,
    stage,
    base: { config: base.config, ...(args !== undefined && { args }) },
    options: evaluation,
    onWarning,
  });
  let stack = base.stack;
  const lines: HistoryLine[] = [];
  for (const [step, info] of numbered(evaluated.steps, stage, services)) {
    const outcome = info === undefined ? undefined : await performStep(services, { stage, step, info, stack, others });
    if (outcome !== undefined) stack = stack.push(outcome.layer);
    lines.push({ createdBy: step.createdBy, ...(outcome !== undefined && { created: createdOf(session, outcome) }) });
  }
  const history = historyItems(lines, createdNow(session.settings, session.now));
  const config = { ...evaluated.config, history: [...(base.config.history ?? []), ...history] };
  return { stack, config, args: evaluated.args };
}

function createdOf({ settings }: Session, { created }: StepLayer): string {
  return createdNow(settings, () => new Date(created));
}

/** Where a stage starts (reference, section 8). */
async function openBase(
  { session, graph, images, origins }: StageServices,
  stage: Stage,
  others: OtherStages,
): Promise<StageBaseline> {
  const { base } = stage;
  const platform = platformOf(session, stage);
  const empty = new LayerStack(session.library);
  switch (base.kind) {
    case 'scratch':
      return { config: scratchConfig(platform), stack: empty };
    case 'stage':
      return await others(base.index);
    case 'image':
      return await hintingAtStage(base.reference, graph, () => images.fromReference(base.reference, platform));
    case 'context': {
      const { config, stack } = await origins.openContext(base.name, platform);
      return { config: config ?? scratchConfig(platform), stack: stack ?? empty };
    }
  }
}

function platformOf(session: Session, stage: Stage): Platform {
  return stage.platform ?? session.settings.platform;
}

/** Steps with what people see of them; steps that make no layer are not shown. FROM is number one. */
function* numbered(
  steps: readonly Step[],
  stage: Stage,
  { nextStepId, graph }: StageServices,
): Generator<readonly [Step, StepInfo | undefined], void> {
  const total = steps.filter(isVisible).length;
  let index = 0;
  for (const step of steps) {
    if (!isVisible(step)) {
      yield [step, undefined];
      continue;
    }
    index++;
    const { instruction } = step;
    const inDockerfile = step.source === graph.source;
    yield [step, stepInfo(nextStepId(), { stage, instruction, index, total, inDockerfile })];
  }
}

interface StepRequest {
  readonly stage: Stage;
  readonly step: Step;
  readonly info: StepInfo;
  readonly stack: LayerStack;
  readonly others: OtherStages;
}

async function performStep(services: StageServices, request: StepRequest): Promise<StepLayer | undefined> {
  const { session, cache } = services;
  const { stage, step, info, stack, others } = request;
  const platform = platformOf(session, stage);
  const context: StepContext = {
    session,
    cache,
    info,
    platform,
    stack,
    openOrigin: (origin) => openOrigin(services, origin, others),
  };
  await stagesOf(step, others);
  session.signal.throwIfAborted();
  const startedMs = performance.now();
  session.emit({ type: 'step-started', step: info });
  const durationMs = (): number => performance.now() - startedMs;
  try {
    const place = { span: step.instruction.span, source: step.source };
    const outcome = await locating(place, () => runStep(step, context));
    session.emit({ type: 'step-finished', step: info, durationMs: durationMs(), ...(outcome && { key: outcome.key }) });
    return outcome;
  } catch (error) {
    session.emit({ type: 'step-failed', step: info, durationMs: durationMs() });
    throw error;
  }
}

/** Images that are only copied from are the target's, whatever platform the stage has. */
function openOrigin(
  { session, graph, origins }: StageServices,
  origin: FileOrigin,
  stage: OtherStages,
): Promise<Origin> {
  const open = (): Promise<Origin> => origins.open(origin, { platform: session.settings.platform, stage });
  return origin.kind === 'image' ? hintingAtStage(origin.reference, graph, open) : open();
}

/** A step begins when the stages that it reads are built, so that its time is its own. */
async function stagesOf(step: Step, others: OtherStages): Promise<void> {
  const indexes = stepOrigins(step).flatMap((origin) => (origin.kind === 'stage' ? [origin.index] : []));
  await Promise.all(indexes.map(others));
}
