import { PlanError } from '../../core/errors.ts';
import type { AddInstruction } from '../../parser/instruction.ts';
import { type InstructionContext, type Outcome, placeOf, stageExpander } from '../instruction-context.ts';
import { asPlanError } from '../located.ts';
import { type RemoteSource, remoteSource, sourceKind } from '../remote-source.ts';
import type { StageState } from '../stage-state.ts';
import { type CopyFiles, expandCopy } from './copy-files.ts';

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
      remotes: remoteSources(instruction, { sources: files.sources, checksum }, context),
      ...(instruction.unpack !== undefined && { unpack: instruction.unpack }),
    },
  };
}

/** The sources that are fetched, as the addresses say how. */
function remoteSources(
  instruction: AddInstruction,
  { sources, checksum }: { readonly sources: readonly string[]; readonly checksum: string | undefined },
  context: InstructionContext,
): ReadonlyMap<string, RemoteSource> {
  const flags = { checksum, keepGitDir: instruction.keepGitDir };
  const words = instruction.sources.flatMap((source) => (source.kind === 'path' ? [source.word] : []));
  const found = new Map<string, RemoteSource>();
  for (const [index, source] of sources.entries()) {
    const place = placeOf(context, words[index] ?? instruction);
    const remote = asPlanError('PLAN_BAD_ADDRESS', place, () => remoteSource(source, flags));
    if (remote !== undefined) found.set(source, remote);
  }
  return found;
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
