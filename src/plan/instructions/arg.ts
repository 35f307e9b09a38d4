import { PlanError } from '../../core/errors.ts';
import type { ArgInstruction, Word } from '../../parser/instruction.ts';
import { buildArg } from '../build-args.ts';
import { type InstructionContext, type MetadataOutcome, placeOf, stageExpander } from '../instruction-context.ts';
import { declareArg } from '../scope.ts';
import type { StageState } from '../stage-state.ts';

/** ARG in a stage (reference, section 7): words from left to right, later ones see earlier ones. */
export function evaluateArg(
  instruction: ArgInstruction,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  let next = state;
  const shown: string[] = [];
  for (const arg of instruction.args) {
    const name = argName(arg.name, next, context);
    const value = argValue(name, arg.value, next, context);
    next = declareArg(next, name, value);
    shown.push(value === undefined ? name : `${name}=${value}`);
  }
  return { state: next, createdBy: `ARG ${shown.join(' ')}` };
}

function argName(word: Word, state: StageState, context: InstructionContext): string {
  const name = stageExpander(state, context).word(word);
  if (name !== '') return name;
  throw new PlanError('PLAN_BLANK_NAME', `the name ${JSON.stringify(word.text)} is blank`, {
    ...placeOf(context, word),
    hint: 'the name must not be empty after its variables are expanded',
  });
}

/** Precedence: build argument, default of the stage, global value, unset. */
function argValue(
  name: string,
  fallback: Word | undefined,
  state: StageState,
  context: InstructionContext,
): string | undefined {
  const { options, graph } = context;
  const given =
    buildArg(options.buildArgs, name) ?? (name === 'SOURCE_DATE_EPOCH' ? options.sourceDateEpoch : undefined);
  if (given !== undefined) return given;
  return fallback ? stageExpander(state, context).word(fallback) : graph.globalArgs.get(name);
}
