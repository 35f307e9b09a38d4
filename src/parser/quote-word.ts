import type { EscapeChar } from './logical-line.ts';

/** A word of ARG, ENV or LABEL that expands to exactly this text, which has no line breaks. */
export function quoteWord(text: string, escapeChar: EscapeChar): string {
  return /^[\w@%+:,./=-]*$/.test(text) ? text : quoteInDouble(text, escapeChar);
}

/** As {@link quoteWord}, always with double quotes. */
export function quoteInDouble(text: string, escapeChar: EscapeChar): string {
  const special = (char: string): boolean => char === '"' || char === '$' || char === escapeChar;
  return `"${Array.from(text, (char) => (special(char) ? escapeChar + char : char)).join('')}"`;
}
