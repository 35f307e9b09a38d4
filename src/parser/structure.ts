import type { Diagnostic } from '../core/errors.ts';
import type { InstructionKind } from './instruction.ts';
import { type LineIndex, spanAt } from './line-index.ts';
import { rawStart } from './logical-line.ts';
import type { Statement } from './statement.ts';

const MAX_LINE_BYTES = 65535;

/** What is wrong with the file as a whole (reference, section 1). */
export function structureProblems(lines: LineIndex, statements: readonly Statement[]): readonly Diagnostic[] {
  return [...longLines(lines), ...stageProblems(lines, statements)];
}

function stageProblems(lines: LineIndex, statements: readonly Statement[]): readonly Diagnostic[] {
  const end = lines.text.length;
  if (lines.text.replace(/^\ufeff/, '') === '') {
    const hint = 'a Dockerfile starts with FROM IMAGE';
    return [problem(lines, end, end, 'PARSE_EMPTY_FILE', 'the Dockerfile cannot be empty', hint)];
  }
  if (statements.length === 0) {
    const hint = 'there are only comments and blank lines; write FROM IMAGE';
    return [problem(lines, end, end, 'PARSE_NO_INSTRUCTIONS', 'file with no instructions', hint)];
  }
  return missingFrom(lines, statements);
}

/** Only ARG may stand in front of the first FROM. Unknown keywords have their own error. */
function missingFrom(lines: LineIndex, statements: readonly Statement[]): readonly Diagnostic[] {
  const first = statements.find(({ clause: { kind } }) => kind !== 'ARG' && kind !== undefined);
  const kind: InstructionKind | undefined = first?.clause.kind;
  if (first !== undefined && kind !== 'FROM') {
    const { start, end } = first.clause.keyword;
    const from = rawStart(first.line, start);
    const hint = 'write FROM IMAGE above it';
    return [
      problem(
        lines,
        from,
        from + end - start,
        'PARSE_NO_BUILD_STAGE',
        `no build stage in current context for ${kind}`,
        hint,
      ),
    ];
  }
  const onlyArgs = statements.every(({ clause }) => clause.kind === 'ARG');
  if (!onlyArgs) return [];
  const end = lines.text.length;
  const hint = 'write FROM IMAGE after the ARG lines';
  return [problem(lines, end, end, 'PARSE_NO_STAGES', 'dockerfile contains no stages to build', hint)];
}

function longLines(lines: LineIndex): readonly Diagnostic[] {
  return lines.starts.flatMap((start, index) => {
    const end = lines.starts[index + 1] ?? lines.text.length;
    if (end - start <= MAX_LINE_BYTES / 3) return [];
    const line = lines.text.slice(start, end).replace(/[\r\n]+$/, '');
    if (Buffer.byteLength(line) <= MAX_LINE_BYTES) return [];
    const message = `dockerfile line greater than max allowed size of ${MAX_LINE_BYTES} bytes`;
    const hint = 'break the line with the escape character';
    return [problem(lines, start, start + line.length, 'PARSE_LINE_TOO_LONG', message, hint)];
  });
}

function problem(
  lines: LineIndex,
  start: number,
  end: number,
  code: string,
  message: string,
  hint: string,
): Diagnostic {
  return { severity: 'error', code, message, hint, span: spanAt(lines, start, end) };
}
