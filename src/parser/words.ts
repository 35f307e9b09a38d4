import { isSpace, skipSpace } from './blanks.ts';
import type { EscapeChar } from './logical-line.ts';

/** A half-open range of a logical text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** End of the word of ENV, LABEL or ARG that starts at `at`; an escape character as the very last one is left out. */
export function wordEnd(text: string, at: number, to: number, escapeChar: EscapeChar): number {
  const end = scanWord(text, at, to, { escapeChar, escapesInSingleQuotes: false }).end;
  return end > to ? to - 1 : end;
}

/** End of the flag that starts at `at` (reference, section 3). */
export function flagEnd(text: string, at: number, to: number, escapeChar: EscapeChar): number {
  return Math.min(to, scanWord(text, at, to, { escapeChar, escapesInSingleQuotes: true }).end);
}

/** The text of a flag without its quotes and escapes. */
export function unquoteFlag(text: string, escapeChar: EscapeChar): string {
  let out = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === escapeChar) out += text.charAt(++at);
    else if (quote === '' && isQuote(char)) quote = char;
    else if (char === quote) quote = '';
    else out += char;
  }
  return out;
}

/**
 * Splits as a shell would, quotes and escapes kept, the escape always `\`: how heredocs are found (reference, section
 * 5). `undefined` when a quote is not closed.
 */
export function shellWords(text: string, from: number, to: number): readonly Range[] | undefined {
  const words: Range[] = [];
  for (let at = skipSpace(text, from); at < to; at = skipSpace(text, at)) {
    const { end, open } = scanWord(text, at, to, { escapeChar: '\\', escapesInSingleQuotes: false });
    if (open) return undefined;
    words.push({ start: at, end: Math.min(end, to) });
    at = end;
  }
  return words;
}

interface Quoting {
  readonly escapeChar: EscapeChar;
  readonly escapesInSingleQuotes: boolean;
}

/** `end` is one too far when the word ends in an escape without a character behind it; `open`: a quote is not closed. */
function scanWord(text: string, from: number, to: number, quoting: Quoting): { end: number; open: boolean } {
  let quote = '';
  let at = from;
  while (at < to) {
    const char = text.charAt(at);
    const literal = quote === "'" && !quoting.escapesInSingleQuotes;
    if (char === quoting.escapeChar && !literal) at += 2;
    else if (quote === '' && isSpace(char)) break;
    else {
      if (quote === '' && isQuote(char)) quote = char;
      else if (char === quote) quote = '';
      at++;
    }
  }
  return { end: at, open: quote !== '' };
}

function isQuote(char: string): boolean {
  return char === "'" || char === '"';
}
