import type { OnbuildInstruction } from '../../parser/instruction.ts';
import type { Outcome } from '../instruction-context.ts';
import { runtimeOf, type StageState, withRuntime } from '../stage-state.ts';

/** ONBUILD (reference, section 9): kept for the images built on this one; no step, no history item. */
export function evaluateOnbuild(instruction: OnbuildInstruction, state: StageState): Outcome {
  return { state: withRuntime(state, { OnBuild: [...(runtimeOf(state).OnBuild ?? []), instruction.trigger] }) };
}
