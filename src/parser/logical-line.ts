import { skipSpace } from './blanks.ts';

export type EscapeChar = '\\' | '`';

/** A part of a raw line: where it stands in the logical text and in the file. */
interface Segment {
  readonly at: number;
  readonly raw: number;
  readonly length: number;
}

/**
 * The lines of an instruction joined into one (reference, section 1), and the way back from there into the file. It
 * holds no heredoc bodies.
 */
export interface LogicalLine {
  /** Continuations joined, comments and blank lines dropped; not trimmed at the end. */
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Offset in the file of the first raw line. */
  readonly start: number;
  /** Offset in the file of the last raw line that was read. */
  readonly lastLine: number;
  /** Offset in the file behind the last raw line, without and with its line ending. */
  readonly contentEnd: number;
  readonly end: number;
  /** There is a blank line inside. */
  readonly hasBlankLine: boolean;
}

/** Reads the logical line whose first raw line starts at `start`. `text` ends with a line feed. */
export function readLogicalLine(text: string, start: number, escapeChar: EscapeChar): LogicalLine {
  const segments: Segment[] = [];
  let joined = '';
  let hasBlankLine = false;
  let line = rawLine(text, start);
  for (let open = true; ; line = rawLine(text, line.end)) {
    const content = text.slice(line.start, line.contentEnd);
    const first = line.start === start;
    const kind = first ? 'code' : lineKind(content);
    if (kind === 'blank') hasBlankLine = true;
    if (kind === 'code') {
      const from = first ? skipSpace(content, 0) : 0;
      const continued = continuationAt(content, escapeChar);
      const part = content.slice(from, continued ?? content.length);
      if (part !== '') segments.push({ at: joined.length, raw: line.start + from, length: part.length });
      joined += part;
      open = continued !== undefined;
    }
    if (!open || line.end >= text.length) break;
  }
  const { start: lastLine, contentEnd, end } = line;
  return { text: joined, segments, start, lastLine, contentEnd, end, hasBlankLine };
}

export interface RawLine {
  readonly start: number;
  /** Without the line ending. */
  readonly contentEnd: number;
  readonly end: number;
}

/** The physical line at `start`; carriage returns in front of the line feed belong to the line ending. */
export function rawLine(text: string, start: number): RawLine {
  const feed = text.indexOf('\n', start);
  const end = feed === -1 ? text.length : feed + 1;
  let contentEnd = feed === -1 ? end : feed;
  while (contentEnd > start && text.charAt(contentEnd - 1) === '\r') contentEnd--;
  return { start, contentEnd, end };
}

function lineKind(content: string): 'blank' | 'comment' | 'code' {
  const at = skipSpace(content, 0);
  if (at === content.length) return 'blank';
  return content.charAt(at) === '#' ? 'comment' : 'code';
}

/** Where the escape character stands that continues the line. Two of them do not; blanks may follow. */
function continuationAt(content: string, escapeChar: EscapeChar): number | undefined {
  let at = content.length - 1;
  while (at >= 0 && (content.charAt(at) === ' ' || content.charAt(at) === '\t')) at--;
  const continues = content.charAt(at) === escapeChar && content.charAt(at - 1) !== escapeChar;
  return continues ? at : undefined;
}

/** Offset in the file of the character at `offset` of the logical text. */
export function rawStart(line: LogicalLine, offset: number): number {
  const segment = segmentAt(line, 'at', offset);
  return segment === undefined ? line.start : segment.raw + offset - segment.at;
}

/** Offset in the file behind the character in front of `offset` of the logical text. */
export function rawEnd(line: LogicalLine, offset: number): number {
  return offset === 0 ? rawStart(line, 0) : rawStart(line, offset - 1) + 1;
}

/** Offset in the logical text of the first character at or behind `raw` in the file. */
export function logicalOffset(line: LogicalLine, raw: number): number {
  const segment = segmentAt(line, 'raw', raw);
  return segment === undefined ? 0 : segment.at + Math.min(raw - segment.raw, segment.length);
}

/** The last segment that starts at or in front of `offset`, counted in the logical text (`at`) or the file (`raw`). */
function segmentAt({ segments }: LogicalLine, unit: 'at' | 'raw', offset: number): Segment | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.[unit] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return segments[low - 1];
}
