import { skipSpace } from './blanks.ts';
import type { Range } from './words.ts';

/** The JSON form of arguments: `strings` is absent when the array holds something else (reference, section 4). */
export interface JsonForm {
  readonly strings?: readonly string[];
}

/** Reads `text[from, to)` as a JSON array; `undefined` when it is none, and so plain text. */
export function readJsonForm(text: string, from: number, to: number): JsonForm | undefined {
  if (text.charAt(skipSpace(text, from)) !== '[') return undefined;
  const array = parseArray(text.slice(from, to));
  if (array === undefined) return undefined;
  const strings = array.filter((item) => typeof item === 'string');
  return strings.length === array.length ? { strings } : {};
}

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Where the strings of an array of strings stand, in `text[from, to)`, quotes included. */
export function jsonStringRanges(text: string, from: number, to: number): readonly Range[] {
  const literals = text.slice(from, to).matchAll(/"(?:[^"\\]|\\.)*"/g);
  return Array.from(literals, ({ index, 0: { length } }) => ({ start: from + index, end: from + index + length }));
}
