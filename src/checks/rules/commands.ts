import type { SourceSpan } from '../../core/span.ts';
import type { Instruction, InstructionKind } from '../../parser/instruction.ts';
import { defineRule, type Rule, reportedRule } from '../rule.ts';
import { type CheckScope, instructionAt, isOnOneLine } from '../scope.ts';
import type { TextEdit } from '../text-edit.ts';

export const jsonArgsRecommended: Rule = reportedRule({
  name: 'JSONArgsRecommended',
  description: 'CMD and ENTRYPOINT are JSON lists, so that signals reach the program.',
  fix: ({ span }, scope) => toJsonArgs(span, scope),
});

/** Words that a shell takes as they are. */
const PLAIN_WORDS = /^[\w@%+:,./-]+(?:[ \t]+[\w@%+=:,./-]+)*$/;
/** First words that are the shell's own: no program of that name need be there. */
const SHELL_WORDS = new Set(
  (
    '. : alias bg break case cd command continue do done elif else esac eval exec exit export false fg fi for function ' +
    'getopts hash if jobs kill local pwd read readonly return select set shift source test then time times trap true ' +
    'type ulimit umask unalias unset until wait while'
  ).split(' '),
);

/**
 * Only where the shell does nothing but start a program. Beside a CMD, the form of an ENTRYPOINT decides whether the
 * CMD's words reach it, and the other way round.
 */
function toJsonArgs(span: SourceSpan, scope: CheckScope): readonly TextEdit[] | undefined {
  const instruction = instructionAt(scope.dockerfile, span);
  if (instruction?.kind !== 'CMD' && instruction?.kind !== 'ENTRYPOINT') return undefined;
  const { command } = instruction;
  if (command.form === 'exec' || !isOnOneLine(command.span) || !PLAIN_WORDS.test(command.text)) return undefined;
  const argv = command.text.split(/[ \t]+/);
  const other = instruction.kind === 'CMD' ? 'ENTRYPOINT' : 'CMD';
  if (SHELL_WORDS.has(argv[0] ?? '') || scope.dockerfile.instructions.some(({ kind }) => kind === other))
    return undefined;
  const text = `[${argv.map((word) => JSON.stringify(word)).join(', ')}]`;
  return [{ start: command.span.start.offset, end: command.span.end.offset, text }];
}

const ONCE: readonly InstructionKind[] = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'];

export const multipleInstructionsDisallowed: Rule = defineRule<{
  readonly kind: InstructionKind;
  readonly later: Instruction;
}>({
  name: 'MultipleInstructionsDisallowed',
  description: 'A stage has at most one CMD, ENTRYPOINT and HEALTHCHECK.',
  find: ({ sections }) =>
    sections.flatMap(({ instructions }) =>
      ONCE.flatMap((kind) => {
        const same = instructions.filter((instruction) => instruction.kind === kind);
        return same.slice(1).flatMap((later, index) => {
          const earlier = same[index];
          return earlier === undefined ? [] : [{ span: earlier.span, facts: { kind, later } }];
        });
      }),
    ),
  message: ({ kind, later }) => `this ${kind} has no effect: the one in line ${later.span.start.line} replaces it`,
  hint: () => 'keep the last one of a stage only',
});
