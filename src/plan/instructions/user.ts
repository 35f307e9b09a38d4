import type { UserInstruction } from '../../parser/instruction.ts';
import { type InstructionContext, type MetadataOutcome, stageExpander } from '../instruction-context.ts';
import { type StageState, withRuntime } from '../stage-state.ts';

/** USER (reference, section 9): stored as written; only RUN looks it up. */
export function evaluateUser(
  instruction: UserInstruction,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  const User = stageExpander(state, context).word(instruction.user);
  return { state: withRuntime(state, { User }), createdBy: `USER ${User}` };
}
