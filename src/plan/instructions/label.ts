import type { LabelInstruction } from '../../parser/instruction.ts';
import type { InstructionContext, MetadataOutcome } from '../instruction-context.ts';
import { runtimeOf, type StageState, withRuntime } from '../stage-state.ts';
import { expandPairs, formatPairs } from './pairs.ts';

/** LABEL (reference, section 9): the later value of a key wins. */
export function evaluateLabel(
  instruction: LabelInstruction,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  const pairs = expandPairs(instruction.pairs, state, context);
  const Labels = { ...runtimeOf(state).Labels, ...Object.fromEntries(pairs) };
  return { state: withRuntime(state, { Labels }), createdBy: `LABEL ${formatPairs(pairs)}` };
}
