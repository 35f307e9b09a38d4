import { PlanError } from '../../core/errors.ts';
import type { AddInstruction } from '../../parser/instruction.ts';
import { type InstructionContext, type Outcome, placeOf, stageExpander } from '../instruction-context.ts';
import type { StageState } from '../stage-state.ts';
import { type CopyFiles, expandCopy } from './copy-files.ts';
import { sourceKind } from './remote-source.ts';

/** ADD (reference, sections 11 and 12). */
export function evaluateAdd(instruction: AddInstruction, state: StageState, context: InstructionContext): Outcome {
  const { files, shown } = expandCopy(instruction, state, context);
  const checksum = expandChecksum(instruction, files, state, context);
  return {
    state,
    step: {
      kind: 'add',
      instruction,
      source: context.source,
      createdBy: `ADD ${shown} # buildkit`,
      ...files,
      ...(checksum !== undefined && { checksum }),
      keepGitDir: instruction.keepGitDir ?? false,
      ...(instruction.unpack !== undefined && { unpack: instruction.unpack }),
    },
  };
}

/** `--checksum` speaks of one thing that is downloaded (reference, section 11). */
function expandChecksum(
  { checksum: word }: AddInstruction,
  { sources, inlineFiles }: CopyFiles,
  state: StageState,
  context: InstructionContext,
): string | undefined {
  const checksum = word && stageExpander(state, context).word(word);
  if (!word || !checksum) return undefined;
  const count = sources.length + inlineFiles.length;
  if (count === 1 && sourceKind(sources[0] ?? '') !== 'path') return checksum;
  throw new PlanError(
    'PLAN_BAD_CHECKSUM',
    count === 1 ? '--checksum is for http(s) and git sources' : `--checksum needs exactly one source, not ${count}`,
    { ...placeOf(context, word), hint: 'use one ADD for each download that has a checksum' },
  );
}
