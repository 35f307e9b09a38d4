import type { MaintainerInstruction } from '../../parser/instruction.ts';
import type { MetadataOutcome } from '../instruction-context.ts';
import type { StageState } from '../stage-state.ts';

/** MAINTAINER (reference, section 9): never expanded. */
export function evaluateMaintainer(instruction: MaintainerInstruction, state: StageState): MetadataOutcome {
  const author = instruction.name.text;
  return { state: { ...state, config: { ...state.config, author } }, createdBy: `MAINTAINER ${author}` };
}
