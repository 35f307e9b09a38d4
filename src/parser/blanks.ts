/** White space as Go's `unicode.IsSpace` has it, without line feed: for a class in a regular expression. */
const SPACE = '\\t\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/** A line of white space only, its line feed included. */
export const BLANK_LINE: RegExp = new RegExp(`[${SPACE}]*\\n`);
/** A line whose first other character is `#`. */
export const COMMENT_LINE: RegExp = new RegExp(`[${SPACE}]*#[^\\n]*\\n`);

const ONE_SPACE = new RegExp(`^[\\n${SPACE}]$`);
const UNICODE_RUN = new RegExp(`[\\n${SPACE}]*`, 'y');
const LIST_RUN = /[\t\v\f\r ]*/y;
const LIST_WORD = /[^\t\v\f\r ]+/y;

export function isSpace(char: string): boolean {
  return char <= ' ' || char >= '\u0085' ? ONE_SPACE.test(char) : false;
}

/** First offset from `at` on that is no white space. */
export function skipSpace(text: string, at: number): number {
  return at + matchLength(UNICODE_RUN, text, at);
}

/** As {@link skipSpace} for the white space that separates a keyword and the items of a list (reference, section 4). */
export function skipListSpace(text: string, at: number): number {
  return at + matchLength(LIST_RUN, text, at);
}

/** End of the list item that starts at `at`. */
export function listWordEnd(text: string, at: number): number {
  return at + matchLength(LIST_WORD, text, at);
}

/** Offset behind the last character that is no white space; 0 when there is none. */
export function trimmedEnd(text: string): number {
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end--;
  return end;
}

function matchLength(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}
