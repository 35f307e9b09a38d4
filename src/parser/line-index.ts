import type { Position, SourceSpan } from '../core/span.ts';

/** Line and column of every offset of a text. */
export interface LineIndex {
  readonly text: string;
  readonly starts: readonly number[];
}

export function indexLines(text: string): LineIndex {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return { text, starts };
}

/** Offsets outside the text are moved to its ends. */
export function spanAt(index: LineIndex, start: number, end: number): SourceSpan {
  return { start: positionAt(index, start), end: positionAt(index, end) };
}

function positionAt({ text, starts }: LineIndex, raw: number): Position {
  const offset = Math.max(0, Math.min(raw, text.length));
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { offset, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}
