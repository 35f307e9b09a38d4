import { fitColumns } from './format.ts';
import type { SourceSpan, SourceText } from './library.ts';
import type { Paint } from './paint.ts';

const CONTEXT_LINES = 2;
const MOST_SPAN_LINES = 8;
const WIDEST = 200;

/** Lines of a Dockerfile around a span: numbered, those of the span marked, a span within one line underlined. */
export function excerpt(source: SourceText, span: SourceSpan, paint: Paint): string[] {
  const lines = source.text.split(/\r?\n/);
  const first = Math.max(1, span.start.line - CONTEXT_LINES);
  const spanEnd = Math.min(lastLineOf(span), span.start.line + MOST_SPAN_LINES - 1);
  const last = Math.min(lines.length, spanEnd + 1);
  const width = String(last).length;
  const out: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = expandTabs(lines[number - 1] ?? '');
    const inSpan = number >= span.start.line && number <= spanEnd;
    if (number === last && !inSpan && text === '') break;
    const gutter = `${inSpan ? '>' : ' '} ${String(number).padStart(width)} |`;
    out.push(`${inSpan ? paint.bold(gutter) : paint.dim(gutter)} ${fitColumns(text, WIDEST)}`.trimEnd());
    if (inSpan && span.start.line === lastLineOf(span)) {
      out.push(`${paint.dim(`  ${' '.repeat(width)} |`)} ${paint.red(underline(lines[number - 1] ?? '', span))}`);
    }
  }
  return out;
}

/** A span that ends at column 1 ends with the line before. */
function lastLineOf(span: SourceSpan): number {
  const { start, end } = span;
  return end.column === 1 && end.line > start.line ? end.line - 1 : end.line;
}

function underline(line: string, span: SourceSpan): string {
  const from = span.start.column - 1;
  const to = span.end.line === span.start.line ? span.end.column - 1 : line.length;
  const indent = expandTabs(line.slice(0, from)).length;
  const length = expandTabs(line.slice(from, Math.max(to, from + 1))).trimEnd().length;
  return `${' '.repeat(indent)}${'^'.repeat(Math.max(1, length))}`;
}

/** One column for each character that a terminal would obey, so that what is underlined stays in its place. */
function expandTabs(text: string): string {
  return text.replaceAll('\t', '    ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD');
}
