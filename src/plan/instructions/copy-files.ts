import { PlanError } from '../../core/errors.ts';
import { redactAddresses } from '../../core/git-url.ts';
import { heredocBody } from '../../parser/index.ts';
import type { AddInstruction, CopyInstruction, Heredoc, Word } from '../../parser/instruction.ts';
import type { Expander } from '../expander.ts';
import { type InstructionContext, placeOf, stageExpander } from '../instruction-context.ts';
import type { Place } from '../located.ts';
import type { StageState } from '../stage-state.ts';
import type { CopyStep, InlineFile } from '../step.ts';
import { resolveImagePath, workingDirectory } from '../working-directory.ts';

/** What COPY and ADD have in common, as a step carries it. */
export type CopyFiles = Pick<
  CopyStep,
  'sources' | 'inlineFiles' | 'destination' | 'chown' | 'chmod' | 'link' | 'exclude'
>;

export interface ExpandedCopy {
  readonly files: CopyFiles;
  /** Flags, sources and destination as the history shows them (reference, section 14). */
  readonly shown: string;
}

/** Expands sources, heredocs, destination, `--chown` and `--chmod` (reference, sections 5, 6 and 11). */
export function expandCopy(
  instruction: CopyInstruction | AddInstruction,
  state: StageState,
  context: InstructionContext,
): ExpandedCopy {
  const expander = stageExpander(state, context);
  const sources = instruction.sources.flatMap((source) => (source.kind === 'path' ? [expander.word(source.word)] : []));
  const heredocs = instruction.sources.flatMap((source) => (source.kind === 'heredoc' ? [source.heredoc] : []));
  const destination = expander.word(instruction.destination);
  const chown = expandFlag(instruction.chown, expander);
  const chmod = expandFlag(instruction.chmod, expander);
  if (chmod !== undefined) checkMode(chmod, placeOf(context, instruction.chmod ?? instruction));
  // A mode for all entries makes BuildKit take the plain path, and so it is (reference, section 11).
  const link = instruction.link && chmod === undefined;
  if (link && chown !== undefined) checkNumericOwner(chown, placeOf(context, instruction.chown ?? instruction));
  return {
    files: {
      sources,
      inlineFiles: inlineFiles(heredocs, expander),
      destination: resolveDestination(destination, state),
      ...(chown !== undefined && { chown }),
      ...(chmod !== undefined && { chmod }),
      link,
      exclude: instruction.exclude.map(({ text }) => text),
    },
    shown: [
      ...(chown === undefined ? [] : [`--chown=${chown}`]),
      ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
      ...sources.map(redactAddresses),
      ...heredocs.map(({ name }) => `<<${name}`),
      destination,
    ].join(' '),
  };
}

/** An empty value counts as not given. */
function expandFlag(flag: Word | undefined, expander: Expander): string | undefined {
  return (flag && expander.word(flag)) || undefined;
}

/** Of several files of one name the last one counts (reference, section 5). */
function inlineFiles(heredocs: readonly Heredoc[], expander: Expander): readonly InlineFile[] {
  const contents = new Map<string, string>();
  for (const heredoc of heredocs) {
    const body = heredocBody(heredoc);
    contents.set(heredoc.name, heredoc.expand ? expander.heredoc(body, heredoc.span) : body);
  }
  return [...contents].map(([name, content]) => ({ name, content }));
}

/** Joined to the working directory and cleaned; what says "this is a directory" ends with `/`. */
function resolveDestination(written: string, state: StageState): string {
  const path = written === '' ? workingDirectory(state) : resolveImagePath(written, state);
  const isDirectory = /(^|\/)\.?$/.test(written);
  return isDirectory && path !== '/' ? `${path}/` : path;
}

const SYMBOLIC_MODE = /^[ugoa]*(?:[+=-][rwxXstugo]*)+(?:,[ugoa]*(?:[+=-][rwxXstugo]*)+)*$/;

function checkMode(mode: string, place: Place): void {
  if (/^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) <= 0o7777 : SYMBOLIC_MODE.test(mode)) return;
  throw new PlanError('PLAN_BAD_CHMOD', `invalid --chmod ${JSON.stringify(mode)}`, {
    ...place,
    hint: 'write an octal mode up to 7777, or changes such as u=rwX,go=rX',
  });
}

function checkNumericOwner(owner: string, place: Place): void {
  if (/^\d+(?::\d+)?$/.test(owner)) return;
  throw new PlanError('PLAN_LINK_CHOWN_NAME', `--link needs a numeric --chown, not ${JSON.stringify(owner)}`, {
    ...place,
    hint: 'with --link there is no root file system to look names up in: write numbers, or drop --link',
  });
}
