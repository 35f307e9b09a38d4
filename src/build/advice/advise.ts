import type { Step } from '../../plan/step.ts';
import type { StepInfo } from '../events.ts';
import type { ExplainedStep } from '../explain/trace-file.ts';
import type { LayerStack } from '../layer-stack.ts';
import type { StageServices } from '../stage-services.ts';
import type { StepLayer } from '../step-result.ts';
import type { Advice } from './advice.ts';
import { adviseOnContext } from './context-files.ts';
import { adviseOnStoredAgain } from './stored-again.ts';
import { adviseOnVariables } from './variables.ts';

/** A step that is done. */
export interface DoneStep {
  readonly step: Step;
  readonly info: StepInfo;
  /** The layers below it. */
  readonly below: LayerStack;
  readonly layers: readonly StepLayer[];
}

/** Says what made a step that was carried out more expensive than it need be. */
export async function advise({ session, onAdvice }: StageServices, done: DoneStep): Promise<void> {
  const report = session.trace.stepReport(done.info);
  if (report?.outcome !== 'executed') return;
  const { instruction, source } = done.step;
  for (const advice of await findAdvice(done, report, session)) {
    onAdvice({ ...advice, severity: 'warning', span: instruction.span }, source);
  }
}

async function findAdvice(
  { step, below, layers }: DoneStep,
  report: ExplainedStep,
  { library }: StageServices['session'],
): Promise<Advice[]> {
  switch (step.kind) {
    case 'run': {
      const costly = adviseOnVariables(step, report);
      const again = await adviseOnStoredAgain({ layers, below, report, library });
      return [...costly, ...again];
    }
    case 'copy':
      return step.from.kind === 'context' ? await adviseOnContext(step, { layers, report, library }) : [];
    case 'add':
      return await adviseOnContext(step, { layers, report, library });
    default:
      return [];
  }
}
