import { PlanError } from '../../core/errors.ts';
import { type Output, TextOutput, WordsOutput } from './output.ts';
import { type Scan, substitute } from './substitution.ts';

/** Value of a variable; `undefined` when it is not set. */
export type Lookup = (name: string) => string | undefined;

export interface ExpandOptions {
  /** Escape character of the file. Default `\`. */
  readonly escape?: '\\' | '`';
  /** Told every unset variable that the word uses without saying what to do when it is unset. */
  readonly onUndefined?: (name: string) => void;
}

/**
 * Expands the variables of one word and removes its quotes and escapes (reference, section 6).
 *
 * @example expandWord('"$dir"/${file:-x}', (name) => ({ dir: '/a b' })[name]) // '/a b/x'
 * @throws PlanError `PLAN_BAD_SUBSTITUTION`, `PLAN_UNTERMINATED_QUOTE`, `PLAN_BAD_PATTERN`, `PLAN_REQUIRED_VARIABLE`,
 *   `PLAN_EXPANSION_TOO_LONG`; none has a span.
 */
export function expandWord(word: string, lookup: Lookup, options: ExpandOptions = {}): string {
  const output = new TextOutput();
  scan(start(word, lookup, options, true), output);
  return output.text;
}

/** As {@link expandWord}, and splits what is not quoted at white space: the variant of EXPOSE. */
export function expandWords(word: string, lookup: Lookup, options: ExpandOptions = {}): string[] {
  const output = new WordsOutput();
  scan(start(word, lookup, options, true), output);
  return output.words();
}

/** Expands a heredoc body: quotes are ordinary characters, the escape is always `\` (reference, section 5). */
export function expandHeredoc(body: string, lookup: Lookup, options: Pick<ExpandOptions, 'onUndefined'> = {}): string {
  const output = new TextOutput();
  scan(start(body, lookup, options, false), output);
  return output.text;
}

function start(text: string, lookup: Lookup, options: ExpandOptions, quotes: boolean): Scan {
  return {
    text,
    at: 0,
    depth: 0,
    escape: options.escape ?? '\\',
    quotes,
    lookup,
    onUndefined: options.onUndefined ?? (() => {}),
    nested: scan,
  };
}

/**
 * Scans up to `stop`, which is consumed, or to the end of the text. `false` when `stop` was asked for and is missing.
 * With `keepEscapes` an escape stays in front of the character that it protects.
 */
function scan(state: Scan, output: Output, stop?: string, keepEscapes = false): boolean {
  while (state.at < state.text.length) {
    const char = state.text.charAt(state.at);
    if (char === stop) {
      state.at++;
      return true;
    }
    if (char === state.escape) scanEscape(state, output, keepEscapes);
    else if (char === '$') output.plain(substitute(state));
    else if (char === "'" && state.quotes) scanSingleQuotes(state, output);
    else if (char === '"' && state.quotes) scanDoubleQuotes(state, output);
    else scanPlain(state, output, stop);
  }
  return stop === undefined;
}

function scanPlain(state: Scan, output: Output, stop: string | undefined): void {
  const from = state.at++;
  while (state.at < state.text.length && !isSpecial(state, state.text.charAt(state.at), stop)) state.at++;
  output.plain(state.text.slice(from, state.at));
}

function isSpecial(state: Scan, char: string, stop: string | undefined): boolean {
  return char === '$' || char === state.escape || char === stop || (state.quotes && (char === "'" || char === '"'));
}

function scanEscape(state: Scan, output: Output, keep: boolean): void {
  const char = state.text.charAt(state.at + 1);
  output.quoted(keep ? state.escape + char : char);
  state.at += 2;
}

function scanSingleQuotes(state: Scan, output: Output): void {
  const end = state.text.indexOf("'", state.at + 1);
  if (end === -1) throw unterminated(state, "'");
  output.quoted(state.text.slice(state.at + 1, end));
  state.at = end + 1;
}

function scanDoubleQuotes(state: Scan, output: Output): void {
  state.at++;
  while (state.at < state.text.length) {
    const char = state.text.charAt(state.at);
    if (char === '"') {
      state.at++;
      return;
    }
    if (char === '$') output.quoted(substitute(state));
    else scanQuotedChar(state, output, char);
  }
  throw unterminated(state, '"');
}

function scanQuotedChar(state: Scan, output: Output, char: string): void {
  const next = state.text.charAt(state.at + 1);
  const escapes = char === state.escape && next !== '' && (next === '"' || next === '$' || next === state.escape);
  output.quoted(escapes ? next : char);
  state.at += escapes ? 2 : 1;
}

function unterminated(state: Scan, quote: string): PlanError {
  return new PlanError('PLAN_UNTERMINATED_QUOTE', `unterminated ${quote} in ${JSON.stringify(state.text)}`, {
    hint: `close the quote, or write ${state.escape}${quote} for the character itself`,
  });
}
