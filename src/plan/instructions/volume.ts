import { PlanError } from '../../core/errors.ts';
import type { VolumeInstruction } from '../../parser/instruction.ts';
import { formatList } from '../created-by.ts';
import { type InstructionContext, type MetadataOutcome, placeOf, stageExpander } from '../instruction-context.ts';
import { runtimeOf, type StageState, withRuntime } from '../stage-state.ts';

/** VOLUME (reference, section 9): recorded as written; later steps still write below it. */
export function evaluateVolume(
  instruction: VolumeInstruction,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  const expander = stageExpander(state, context);
  const paths = instruction.paths.map((word) => {
    const path = expander.word(word).trim();
    if (path !== '') return path;
    throw new PlanError('PLAN_BLANK_VOLUME', `the volume ${JSON.stringify(word.text)} is blank`, {
      ...placeOf(context, word),
      hint: 'name a path inside the image',
    });
  });
  const Volumes = { ...runtimeOf(state).Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
  return { state: withRuntime(state, { Volumes }), createdBy: `VOLUME ${formatList(paths)}` };
}
