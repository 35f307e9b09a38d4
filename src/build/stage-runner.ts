import { foreignBaseWarning } from '../checks/rules/from-platform.ts';
import { evaluateStage } from '../plan/evaluate-stage.ts';
import type { Stage } from '../plan/graph.ts';
import { type FileOrigin, type Step, stepOrigins } from '../plan/step.ts';
import { advise } from './advice/advise.ts';
import { announced } from './announced-step.ts';
import type { Settings } from './defaults.ts';
import { startHostEarly } from './early-host.ts';
import type { StepInfo } from './events.ts';
import { traceStage } from './explain/trace-stage.ts';
import { createdNow, createdOf, type HistoryLine, historyItems } from './history.ts';
import type { LayerStack } from './layer-stack.ts';
import { locating } from './located-error.ts';
import type { Origin } from './origins.ts';
import { openBase } from './stage-base.ts';
import { hintingAtStage } from './stage-hint.ts';
import { platformOf, type StageServices } from './stage-services.ts';
import type { BuiltStage, OtherStages } from './stages.ts';
import { isVisible, stepInfo } from './step-info.ts';
import type { StepLayer } from './step-result.ts';
import { runStep } from './steps/run-step.ts';

/** Builds one stage: its base, then its steps one after the other. */
export async function runStage(services: StageServices, stage: Stage, others: OtherStages): Promise<BuiltStage> {
  const { session, graph, evaluation: options, onWarning } = services;
  const place = { span: stage.from.span, source: graph.source };
  const use = { runs: startHostEarly(session, stage) };
  const base = await locating(place, () => openBase(services, { stage, use }, others));
  const foreign = foreignBaseWarning(stage, base.config, session.settings.platform);
  if (foreign !== undefined) onWarning(foreign, graph.source);
  const evaluated = evaluateStage({ graph, stage, base, options, onWarning });
  let { stack } = base;
  const trace = traceStage(services, { stage, stack, steps: evaluated.steps });
  const lines: HistoryLine[] = [];
  for (const [step, info] of numbered(evaluated.steps, stage, services)) {
    const request = { stage, step, info, stack, others, precedesRun: precedesRun(evaluated.steps, step) };
    const made = info === undefined ? [] : await trace.follow(info, () => performStep(services, { ...request, info }));
    if (info !== undefined) await advise(services, { step, info, below: stack, layers: made });
    for (const { layer } of made) stack = stack.push(layer);
    lines.push(...historyLines(step, made, session.settings));
  }
  const history = historyItems(lines, createdNow(session.settings, session.now));
  const config = { ...evaluated.config, history: [...(base.config.history ?? []), ...history] };
  return { stack, config, args: evaluated.args, baseLayers: base.baseLayers ?? 0 };
}

/** Whether the next step that makes a layer is a RUN. */
function precedesRun(steps: readonly Step[], step: Step): boolean {
  return steps.slice(steps.indexOf(step) + 1).find(isVisible)?.kind === 'run';
}

function historyLines({ createdBy }: Step, made: readonly StepLayer[], settings: Settings): HistoryLine[] {
  if (made.length === 0) return [{ createdBy }];
  return made.map(({ created, part }) => ({
    createdBy: part === undefined ? createdBy : `${createdBy} (${part})`,
    created: createdOf(settings, created),
  }));
}

/** Steps with what people see of them; steps that make no layer are not shown. */
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
  readonly precedesRun: boolean;
  readonly others: OtherStages;
}

async function performStep(services: StageServices, request: StepRequest): Promise<readonly StepLayer[]> {
  const { session, cache } = services;
  const { stage, step, info, stack, precedesRun, others } = request;
  const context = {
    session,
    cache,
    info,
    platform: platformOf(session, stage),
    stack,
    precedesRun,
    openOrigin: (origin: FileOrigin) => openOrigin(services, origin, others),
  };
  await stagesOf(step, others);
  const place = { span: step.instruction.span, source: step.source };
  return await announced(session, { info, place }, () => runStep(step, context));
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
