import { PlanError } from '../../core/errors.ts';
import type { CopyInstruction } from '../../parser/instruction.ts';
import { type InstructionContext, type Outcome, placeOf } from '../instruction-context.ts';
import { originScope } from '../origin-scope.ts';
import { resolveOrigin } from '../origins.ts';
import { sourceKind } from '../remote-source.ts';
import type { StageState } from '../stage-state.ts';
import type { FileOrigin } from '../step.ts';
import { expandCopy } from './copy-files.ts';

/** COPY (reference, section 11). */
export function evaluateCopy(instruction: CopyInstruction, state: StageState, context: InstructionContext): Outcome {
  const { files, shown } = expandCopy(instruction, state, context);
  refuseRemoteSources(files.sources, instruction, context);
  const { parents } = instruction;
  return {
    state,
    step: {
      kind: 'copy',
      instruction,
      source: context.source,
      createdBy: `COPY ${parents ? '--parents ' : ''}${shown} # buildkit`,
      from: copyOrigin(instruction, context),
      parents,
      ...files,
    },
  };
}

function copyOrigin({ from }: CopyInstruction, context: InstructionContext): FileOrigin {
  if (from === undefined || from.text === '') return { kind: 'context' };
  return resolveOrigin({ from: from.text, numbers: true, place: placeOf(context, from) }, originScope(context));
}

function refuseRemoteSources(
  sources: readonly string[],
  instruction: CopyInstruction,
  context: InstructionContext,
): void {
  const remote = sources.find((source) => sourceKind(source) !== 'path');
  if (remote === undefined) return;
  const written = instruction.sources.flatMap((source) => (source.kind === 'path' ? [source.word] : []));
  throw new PlanError('PLAN_COPY_REMOTE', `COPY cannot take the remote source ${JSON.stringify(remote)}`, {
    ...placeOf(context, written[sources.indexOf(remote)] ?? instruction),
    hint: 'use ADD to download it',
  });
}
