import { PlanError } from '../../core/errors.ts';
import { limited } from './output.ts';

/** One character of a pattern: itself, or `undefined` for `?`. */
type Part = string | undefined;

/**
 * A shell pattern of `${v#p}` and the like, cut at its `*`. Matching goes from left to right and never back, so it is
 * linear in the number of pieces: between stars the earliest place is always as good as any later one.
 */
export interface Pattern {
  readonly pieces: readonly (readonly Part[])[];
}

interface Match {
  readonly start: number;
  readonly end: number;
}

/** @throws PlanError `PLAN_BAD_PATTERN` for an escape in front of a character that needs none. */
export function parsePattern(text: string, escapeChar: string): Pattern {
  const pieces: Part[][] = [[]];
  const chars = [...text];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i];
    if (char === '*') pieces.push([]);
    else if (char === '?') pieces.at(-1)?.push(undefined);
    else if (char !== escapeChar) pieces.at(-1)?.push(char);
    else pieces.at(-1)?.push(escaped(text, escapeChar, chars[++i]));
  }
  return { pieces };
}

function escaped(text: string, escapeChar: string, char: string | undefined): string {
  if (char !== undefined && (char === escapeChar || '*?/}'.includes(char))) return char;
  throw new PlanError('PLAN_BAD_PATTERN', `invalid pattern ${JSON.stringify(text)}`, {
    hint: `in a pattern ${escapeChar} stands only in front of * ? / } and ${escapeChar}`,
  });
}

export function removePrefix(value: string, pattern: Pattern, longest: boolean): string {
  const chars = [...value];
  const match = matchAt(chars, 0, pattern, longest);
  return match === undefined ? value : chars.slice(match.end).join('');
}

export function removeSuffix(value: string, pattern: Pattern, longest: boolean): string {
  const backwards = { pieces: pattern.pieces.map((piece) => piece.toReversed()).toReversed() };
  const chars = [...value].reverse();
  const match = matchAt(chars, 0, backwards, longest);
  return match === undefined ? value : chars.slice(match.end).reverse().join('');
}

export function replaceFirst(value: string, pattern: Pattern, replacement: string): string {
  const chars = [...value];
  const match = search(chars, 0, pattern);
  if (match === undefined) return value;
  return limited(chars.slice(0, match.start).join('') + replacement + chars.slice(match.end).join(''));
}

/** Replaces every match, an empty one only where it does not touch the match before (Go `ReplaceAllString`). */
export function replaceAll(value: string, pattern: Pattern, replacement: string): string {
  const chars = [...value];
  let out = '';
  let done = 0;
  let from = 0;
  let lastEnd = -1;
  for (let match = search(chars, 0, pattern); match !== undefined; match = search(chars, from, pattern)) {
    const empty = match.start === match.end;
    if (!empty || match.end !== lastEnd) {
      const matched = chars.slice(match.start, match.end).join('');
      out = limited(out + chars.slice(done, match.start).join('') + fillTemplate(replacement, matched));
      done = match.end;
      lastEnd = match.end;
    }
    from = empty ? match.end + 1 : match.end;
    if (from > chars.length) break;
  }
  return out + chars.slice(done).join('');
}

/** A Go regexp template over a match without groups: `$$` is `$`, `$0` the match, every other name empty. */
function fillTemplate(template: string, matched: string): string {
  return template.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar?: string, name?: string, braced?: string) => {
    if (dollar !== undefined) return '$';
    return /^0+$/.test(name ?? braced ?? '') ? matched : '';
  });
}

function matchAt(chars: readonly string[], start: number, pattern: Pattern, longest: boolean): Match | undefined {
  const [first = [], ...rest] = pattern.pieces;
  if (!pieceAt(chars, start, first)) return undefined;
  const end = matchRest(chars, start + first.length, rest, longest);
  return end === undefined ? undefined : { start, end };
}

/** The leftmost match, its stars as long as possible. Where the first place of the first piece fails, all do. */
function search(chars: readonly string[], from: number, pattern: Pattern): Match | undefined {
  const [first = [], ...rest] = pattern.pieces;
  const start = findPiece(chars, from, first);
  if (start === undefined) return undefined;
  const end = matchRest(chars, start + first.length, rest, true);
  return end === undefined ? undefined : { start, end };
}

function matchRest(
  chars: readonly string[],
  from: number,
  pieces: readonly (readonly Part[])[],
  longest: boolean,
): number | undefined {
  let end = from;
  for (const [index, piece] of pieces.entries()) {
    const last = longest && index === pieces.length - 1;
    const place = last ? findLastPiece(chars, end, piece) : findPiece(chars, end, piece);
    if (place === undefined) return undefined;
    end = place + piece.length;
  }
  return end;
}

function findPiece(chars: readonly string[], from: number, piece: readonly Part[]): number | undefined {
  for (let at = from; at + piece.length <= chars.length; at++) if (pieceAt(chars, at, piece)) return at;
  return undefined;
}

function findLastPiece(chars: readonly string[], from: number, piece: readonly Part[]): number | undefined {
  for (let at = chars.length - piece.length; at >= from; at--) if (pieceAt(chars, at, piece)) return at;
  return undefined;
}

function pieceAt(chars: readonly string[], at: number, piece: readonly Part[]): boolean {
  return at + piece.length <= chars.length && piece.every((part, i) => part === undefined || part === chars[at + i]);
}
