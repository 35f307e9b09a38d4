import type { Context } from '../context.ts';
import { spanOf, wordAt } from '../context.ts';
import type { FlagsCstNode } from '../cst.ts';
import { checkFlags, type ReadFlag, readFlags } from '../flags.ts';
import type { HeredocText } from '../heredoc.ts';
import type { Heredoc, InstructionBase } from '../instruction.ts';
import { spanAt } from '../line-index.ts';
import { rawLine, rawStart } from '../logical-line.ts';

/** An instruction on its way: what is known of it before its arguments are read. */
export interface Draft {
  readonly context: Context;
  readonly base: InstructionBase;
  readonly flags: readonly ReadFlag[];
}

export function startDraft(context: Context, flagNodes: readonly FlagsCstNode[]): Draft {
  const flags = readFlags(context, flagNodes);
  return { context, flags, base: readBase(context, flags) };
}

/** As {@link startDraft}, and reports flags that the instruction does not have. */
export function startCheckedDraft(context: Context, flagNodes: readonly FlagsCstNode[]): Draft {
  const draft = startDraft(context, flagNodes);
  checkFlags(context, draft.flags);
  return draft;
}

function readBase(context: Context, flags: readonly ReadFlag[]): InstructionBase {
  const { lines, statement, clause, comments } = context;
  const top = clause === statement.clause;
  const start = top ? firstCharacter(lines.text, statement.line.start) : rawStart(statement.line, clause.keyword.start);
  return {
    keyword: wordAt(context, clause.keyword),
    flags: flags.map(({ flag }) => flag),
    span: spanAt(lines, start, lastCharacterEnd(context)),
    logicalText: statement.line.text.slice(clause.keyword.start, statement.to),
    comments: top ? comments : [],
    heredocs: statement.heredocs.map((heredoc) => toHeredoc(context, heredoc)),
  };
}

function firstCharacter(text: string, lineStart: number): number {
  return lineStart + (/^[^\S\n]*/.exec(text.slice(lineStart, rawLine(text, lineStart).end))?.[0].length ?? 0);
}

/** End of the last raw line, without its line ending. */
function lastCharacterEnd({ lines, statement }: Context): number {
  let end = Math.min(statement.end, lines.text.length);
  while (end > statement.line.start && /[\r\n]/.test(lines.text.charAt(end - 1))) end--;
  return end;
}

function toHeredoc(context: Context, heredoc: HeredocText): Heredoc {
  return {
    name: heredoc.name,
    content: context.lines.text.slice(heredoc.bodyStart, heredoc.bodyEnd),
    expand: heredoc.expand,
    chomp: heredoc.chomp,
    fileDescriptor: heredoc.fileDescriptor,
    span: spanOf(context, heredoc.word),
  };
}
