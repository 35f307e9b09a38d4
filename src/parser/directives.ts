import type { Diagnostic } from '../core/errors.ts';
import { checkOptionProblems } from './check-options.ts';
import type { Directives } from './dockerfile.ts';
import type { Word } from './instruction.ts';
import { type LineIndex, spanAt } from './line-index.ts';
import type { EscapeChar } from './logical-line.ts';

export interface ReadDirectives {
  readonly directives: Directives;
  /** Offset behind the last line that is a directive. */
  readonly end: number;
  readonly diagnostics: readonly Diagnostic[];
}

interface DirectiveLine {
  readonly key: string;
  readonly value: Word;
  readonly end: number;
}

const KNOWN = ['syntax', 'escape', 'check'];
/** `# key = value`; `//` instead of `#` for other languages. */
const HASH_LINE = /#[^\S\n]*([a-zA-Z][a-zA-Z0-9]*)[^\S\n]*=[^\S\n]*([^\n]*)\n?/y;
const SLASH_LINE = /\/\/[^\S\n]*([a-zA-Z][a-zA-Z0-9]*)[^\S\n]*=[^\S\n]*([^\n]*)\n?/y;

/** Reads the parser directives, which stand in the first lines only (reference, section 2). */
export function readDirectives(lines: LineIndex): ReadDirectives {
  const start = lines.text.startsWith('\ufeff') ? 1 : 0;
  const found = readLines(lines, start, HASH_LINE);
  const end = found.at(-1)?.end ?? start;
  const values = firstOfEach(found);
  const elsewhere = found.length > 0 ? new Map<string, Word>() : findElsewhere(lines, start);
  const syntax = values.get('syntax') ?? elsewhere.get('syntax');
  const check = values.get('check') ?? elsewhere.get('check');
  return {
    directives: { escape: escapeOf(values), ...(syntax && { syntax }), ...(check && { check }) },
    end,
    diagnostics: [...duplicates(found), ...badEscape(values), ...badCheck(check)],
  };
}

function readLines(lines: LineIndex, start: number, form: RegExp): readonly DirectiveLine[] {
  const found: DirectiveLine[] = [];
  let at = start;
  for (;;) {
    const line = readLine(lines, at, form);
    if (line === undefined) return found;
    found.push(line);
    at = line.end;
  }
}

function readLine(lines: LineIndex, at: number, form: RegExp): DirectiveLine | undefined {
  form.lastIndex = at;
  const match = form.exec(lines.text);
  const key = match?.[1]?.toLowerCase();
  const text = match?.[2]?.trimEnd() ?? '';
  if (match === null || key === undefined || !KNOWN.includes(key) || text === '') return undefined;
  const valueStart = at + match[0].length - (match[0].endsWith('\n') ? 1 : 0) - (match[2]?.length ?? 0);
  return { key, value: { text, span: spanAt(lines, valueStart, valueStart + text.length) }, end: form.lastIndex };
}

/** `syntax` and `check` are also found behind a `#!` line, in a `//` line, and `syntax` in a JSON document. */
function findElsewhere(lines: LineIndex, start: number): ReadonlyMap<string, Word> {
  const { text } = lines;
  const shebangEnd = text.startsWith('#!', start) ? text.indexOf('\n', start) + 1 : 0;
  if (shebangEnd > 0) return firstOfEach(readLines(lines, shebangEnd, HASH_LINE));
  if (text.startsWith('//', start)) return firstOfEach(readLines(lines, start, SLASH_LINE));
  const syntax = text.startsWith('{', start) ? jsonSyntax(text.slice(start)) : undefined;
  if (syntax === undefined) return new Map();
  return new Map([['syntax', { text: syntax, span: spanAt(lines, start, text.length) }]]);
}

function jsonSyntax(text: string): string | undefined {
  try {
    const document: unknown = JSON.parse(text);
    const syntax = (document as { readonly syntax?: unknown } | null)?.syntax;
    return typeof syntax === 'string' ? syntax : undefined;
  } catch {
    return undefined;
  }
}

function firstOfEach(found: readonly DirectiveLine[]): ReadonlyMap<string, Word> {
  return new Map(found.toReversed().map(({ key, value }) => [key, value]));
}

function escapeOf(values: ReadonlyMap<string, Word>): EscapeChar {
  return values.get('escape')?.text === '`' ? '`' : '\\';
}

function duplicates(found: readonly DirectiveLine[]): readonly Diagnostic[] {
  const repeated = found.filter(({ key }, index) => found.findIndex((other) => other.key === key) < index);
  return repeated.map(({ key, value }) => ({
    severity: 'error',
    code: 'PARSE_DUPLICATE_DIRECTIVE',
    message: `only one ${key} parser directive can be used`,
    hint: 'remove this line',
    span: value.span,
  }));
}

function badEscape(values: ReadonlyMap<string, Word>): readonly Diagnostic[] {
  const value = values.get('escape');
  if (value === undefined || value.text === '`' || value.text === '\\') return [];
  return [
    {
      severity: 'error',
      code: 'PARSE_BAD_ESCAPE',
      message: `invalid escape character ${JSON.stringify(value.text)}`,
      hint: 'it is a backslash or a backtick',
      span: value.span,
    },
  ];
}

function badCheck(check: Word | undefined): readonly Diagnostic[] {
  if (check === undefined) return [];
  return checkOptionProblems(check.text).map((problem) => ({
    severity: 'error',
    code: 'PARSE_BAD_CHECK_OPTION',
    ...problem,
    span: check.span,
  }));
}
