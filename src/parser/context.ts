import type { IToken } from 'chevrotain';
import type { Diagnostic } from '../core/errors.ts';
import type { SourceSpan } from '../core/span.ts';
import type { Word } from './instruction.ts';
import { type LineIndex, spanAt } from './line-index.ts';
import { type EscapeChar, logicalOffset, rawEnd, rawStart } from './logical-line.ts';
import type { Clause, Statement } from './statement.ts';
import type { Range } from './words.ts';

/** What the visitor knows while it reads one instruction, or the instruction behind ONBUILD. */
export interface Context {
  readonly lines: LineIndex;
  readonly escapeChar: EscapeChar;
  readonly statement: Statement;
  readonly clause: Clause;
  /** Doc comments above the instruction. */
  readonly comments: readonly string[];
  /** Collects what is wrong. */
  readonly diagnostics: Diagnostic[];
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Reports an error; `undefined`, so that a reader can return it. */
export function report(context: Context, span: SourceSpan, problem: Problem): undefined {
  context.diagnostics.push({ severity: 'error', ...problem, span });
}

/** Where a range of the logical line stands in the file; continuations inside belong to it. */
export function spanOf({ lines, statement: { line } }: Context, { start, end }: Range): SourceSpan {
  const rawTo = rawEnd(line, end);
  return spanAt(lines, start === end ? rawTo : rawStart(line, start), rawTo);
}

export function wordAt(context: Context, range: Range): Word {
  return { text: context.statement.line.text.slice(range.start, range.end), span: spanOf(context, range) };
}

/** Where a token stands in the logical line. */
export function rangeOf({ statement: { line } }: Context, { startOffset, image }: IToken): Range {
  return { start: logicalOffset(line, startOffset), end: logicalOffset(line, startOffset + image.length - 1) + 1 };
}

/** All arguments, as they are. */
export function argumentsRange({ clause, statement }: Context): Range {
  return { start: clause.argumentsAt, end: statement.to };
}

export function keywordSpan(context: Context): SourceSpan {
  return spanOf(context, context.clause.keyword);
}
