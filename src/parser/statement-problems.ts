import type { Diagnostic } from '../core/errors.ts';
import type { HeredocText } from './heredoc.ts';
import { type LineIndex, spanAt } from './line-index.ts';
import { rawEnd, rawStart } from './logical-line.ts';
import type { Statement } from './statement.ts';

/** What is wrong with the lines of an instruction, whatever it means. */
export function statementProblems(lines: LineIndex, { line, heredocs }: Statement): readonly Diagnostic[] {
  const unterminated = heredocs.filter(({ bodyEnd, end }) => end === bodyEnd);
  const problems = unterminated.map(({ word, name }) => unterminatedHeredoc(lines, line, word, name));
  return line.hasBlankLine ? [...problems, blankLineInside(lines, line)] : problems;
}

function unterminatedHeredoc(
  lines: LineIndex,
  line: Statement['line'],
  word: HeredocText['word'],
  name: string,
): Diagnostic {
  return {
    severity: 'error',
    code: 'PARSE_UNTERMINATED_HEREDOC',
    message: `unterminated heredoc ${name}`,
    hint: `end it by a line that holds only ${name}`,
    span: spanAt(lines, rawStart(line, word.start), rawEnd(line, word.end)),
  };
}

/** Stands at the line where the instruction ends. */
function blankLineInside(lines: LineIndex, { lastLine, contentEnd }: Statement['line']): Diagnostic {
  return {
    severity: 'warning',
    code: 'NoEmptyContinuation',
    message: 'empty continuation line',
    hint: 'remove the blank lines inside the instruction',
    span: spanAt(lines, lastLine, contentEnd),
  };
}
