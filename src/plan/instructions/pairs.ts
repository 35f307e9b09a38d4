import { PlanError } from '../../core/errors.ts';
import type { KeyValue } from '../../parser/instruction.ts';
import { type InstructionContext, placeOf, stageExpander } from '../instruction-context.ts';
import type { StageState } from '../stage-state.ts';

export type Pair = readonly [name: string, value: string];

/** Names and values of ENV or LABEL, all expanded with the state before the line (reference, section 6). */
export function expandPairs(
  pairs: readonly KeyValue[],
  state: StageState,
  context: InstructionContext,
): readonly Pair[] {
  const expander = stageExpander(state, context);
  return pairs.map(({ name, value }): Pair => {
    const expanded = expander.word(name);
    if (expanded === '') {
      throw new PlanError('PLAN_BLANK_NAME', `the name ${JSON.stringify(name.text)} is blank`, {
        ...placeOf(context, name),
        hint: 'the name must not be empty after its variables are expanded',
      });
    }
    return [expanded, expander.word(value)];
  });
}

export function formatPairs(pairs: readonly Pair[]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join(' ');
}
