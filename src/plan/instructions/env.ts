import type { EnvInstruction } from '../../parser/instruction.ts';
import type { InstructionContext, MetadataOutcome } from '../instruction-context.ts';
import { setEnv } from '../scope.ts';
import type { StageState } from '../stage-state.ts';
import { expandPairs, formatPairs } from './pairs.ts';

/** ENV (reference, section 9): replaces in place, else appends. */
export function evaluateEnv(
  instruction: EnvInstruction,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  const pairs = expandPairs(instruction.pairs, state, context);
  return {
    state: pairs.reduce((next, [name, value]) => setEnv(next, name, value), state),
    createdBy: `ENV ${formatPairs(pairs)}`,
  };
}
