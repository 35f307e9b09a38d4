import { PlanError } from '../../core/errors.ts';
import { type Output, TextOutput } from './output.ts';
import { parsePattern, removePrefix, removeSuffix, replaceAll, replaceFirst } from './pattern.ts';

/** Where an expansion stands in its text, and its surroundings. `at` and `depth` move on; the rest is fixed. */
export interface Scan {
  readonly text: string;
  at: number;
  depth: number;
  readonly escape: '\\' | '`';
  /** False in a heredoc body, where quotes are ordinary characters. */
  readonly quotes: boolean;
  readonly lookup: (name: string) => string | undefined;
  readonly onUndefined: (name: string) => void;
  /** Scans a word nested in `${...}` up to `stop`; false when `stop` is missing. */
  readonly nested: (state: Scan, output: Output, stop: string, keepEscapes: boolean) => boolean;
}

interface Variable {
  readonly name: string;
  readonly value: string | undefined;
}

const NAME = /\p{Nd}+|[\p{L}_][\p{L}\p{Nd}_]*|[@*#?\-$!]/uy;
/** Names that a shell sets by itself: never set here. */
const SPECIAL = /^[@*#?\-$!0]$/;
/** Deeper `${a:-${b:-...}}` is an error, so that no text can exhaust the stack. */
const MAX_DEPTH = 100;

/** Expands the `$` form at `state.at` and moves behind it; a `$` that starts no form stays itself. */
export function substitute(state: Scan): string {
  state.at++;
  if (state.text.charAt(state.at) === '{') return substituteBraces(state);
  const name = scanName(state);
  return name === '' ? '$' : plainValue(state, variable(state, name));
}

function scanName(state: Scan): string {
  NAME.lastIndex = state.at;
  const name = NAME.exec(state.text)?.[0] ?? '';
  state.at += name.length;
  return name;
}

function variable(state: Scan, name: string): Variable {
  return { name, value: SPECIAL.test(name) ? undefined : state.lookup(name) };
}

function plainValue(state: Scan, { name, value }: Variable): string {
  if (value === undefined && !SPECIAL.test(name)) state.onUndefined(name);
  return value ?? '';
}

function substituteBraces(state: Scan): string {
  const open = state.at++;
  if (++state.depth > MAX_DEPTH) throw badSubstitution(state, 'nested too deeply');
  const name = scanName(state);
  if (name === '') throw noName(state, open);
  const result = applyModifier(state, variable(state, name));
  state.depth--;
  return result;
}

function noName(state: Scan, open: number): PlanError {
  const char = state.text.charAt(open + 1);
  if (char === '') return missingBrace(state);
  const known = char === '{' || char === '}' || char === ':';
  return badSubstitution(state, known ? 'no variable name' : `unsupported modifier "${char}"`);
}

function applyModifier(state: Scan, subject: Variable): string {
  const modifier = state.text.charAt(state.at++);
  switch (modifier) {
    case '':
      throw missingBrace(state);
    case '}':
      return plainValue(state, subject);
    case ':':
      return applyConditional(state, subject, state.text.charAt(state.at++), true);
    case '#':
    case '%':
      return applyRemoval(state, subject, modifier);
    case '/':
      return applyReplacement(state, subject);
    default:
      return applyConditional(state, subject, modifier, false);
  }
}

/** `${v-w}`, `${v+w}`, `${v?w}`, with `orEmpty` their `:` forms. The word is expanded also when it is not used. */
function applyConditional(state: Scan, { name, value }: Variable, modifier: string, orEmpty: boolean): string {
  if (modifier === '' || !'-+?'.includes(modifier)) {
    throw badSubstitution(state, `unsupported modifier "${orEmpty ? ':' : ''}${modifier}"`);
  }
  const word = nestedWord(state, false);
  const present = value !== undefined && !(orEmpty && value === '');
  if (modifier === '+') return present ? word : '';
  if (present) return value;
  if (modifier === '-') return word;
  throw requiredVariable(name, value, word);
}

function applyRemoval(state: Scan, subject: Variable, modifier: '#' | '%'): string {
  const word = nestedWord(state, true);
  const longest = word.startsWith(modifier);
  const pattern = parsePattern(longest ? word.slice(1) : word, state.escape);
  const remove = modifier === '#' ? removePrefix : removeSuffix;
  return remove(plainValue(state, subject), pattern, longest);
}

function applyReplacement(state: Scan, subject: Variable): string {
  const all = state.text.charAt(state.at) === '/';
  if (all) state.at++;
  const output = new TextOutput();
  if (!state.nested(state, output, '/', true)) throw badSubstitution(state, "missing '/'");
  const replacement = nestedWord(state, true);
  const pattern = parsePattern(output.text, state.escape);
  const replace = all ? replaceAll : replaceFirst;
  return replace(plainValue(state, subject), pattern, replacement);
}

function nestedWord(state: Scan, keepEscapes: boolean): string {
  const output = new TextOutput();
  if (!state.nested(state, output, '}', keepEscapes)) throw missingBrace(state);
  return output.text;
}

function requiredVariable(name: string, value: string | undefined, word: string): PlanError {
  const message = word || `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`;
  return new PlanError('PLAN_REQUIRED_VARIABLE', `${name}: ${message}`, {
    hint: `set ${name} with ENV, with a default of ARG, or with --build-arg`,
  });
}

function missingBrace(state: Scan): PlanError {
  return badSubstitution(state, "missing '}'");
}

function badSubstitution(state: Scan, problem: string): PlanError {
  return new PlanError('PLAN_BAD_SUBSTITUTION', `bad substitution in ${JSON.stringify(state.text)}: ${problem}`, {
    hint: `write ${state.escape}$ for a $ of its own`,
  });
}
