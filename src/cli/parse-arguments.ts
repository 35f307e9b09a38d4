import { suggest } from '../core/suggest.ts';
import { usageError } from './cli-error.ts';
import type { OptionRow } from './option-row.ts';

/**
 * What stands on the command line, checked against the command's rows. Own code and not `parseArgs` of node:util, which
 * knows neither an optional value (`--pull`, `--pull=missing`) nor `--rm=false`, both of which buildx users write.
 */
export interface Arguments {
  /** All values of an option, in the order given. */
  all(name: string): readonly string[];
  /** The last value, as with buildx; `undefined` when the option was not given. */
  last(name: string): string | undefined;
  /** True when a switch is on. */
  on(name: string): boolean;
  readonly positionals: readonly string[];
  /** One sentence for each option that was accepted without effect. */
  readonly notices: readonly string[];
}

type Given = { readonly row: OptionRow; readonly value: string };

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** @throws CliError of the family `option` */
export function parseArguments(argv: readonly string[], rows: readonly OptionRow[]): Arguments {
  const { given, positionals } = scan(argv, rows);
  for (const option of given) check(option);
  const all = (name: string): readonly string[] => {
    if (!rows.some((row) => row.name === name)) throw new Error(`no option row "${name}"`);
    return given.filter((option) => option.row.name === name).map((option) => option.value);
  };
  const last = (name: string): string | undefined => all(name).at(-1);
  return { all, last, on: (name) => last(name) === 'true', positionals, notices: noticesOf(given) };
}

function scan(argv: readonly string[], rows: readonly OptionRow[]): { given: Given[]; positionals: string[] } {
  const given: Given[] = [];
  const positionals: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') positionals.push(...rest.splice(0));
    else if (word.startsWith('--')) given.push(longOption(word, rest, rows));
    else if (word.startsWith('-') && word !== '-') given.push(...shortOptions(word, rest, rows));
    else positionals.push(word);
  }
  return { given, positionals };
}

function longOption(word: string, rest: string[], rows: readonly OptionRow[]): Given {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw unknownOption(`--${name}`, rows);
  if (equals >= 0) return { row, value: readValue(row, word.slice(equals + 1)) };
  const implied = row.bare ?? (row.value === undefined ? 'true' : undefined);
  return { row, value: implied ?? nextWord(row, rest) };
}

/** `-q`, `-qt NAME`, `-tNAME`, `-t=NAME`. */
function shortOptions(word: string, rest: string[], rows: readonly OptionRow[]): Given[] {
  const given: Given[] = [];
  for (let i = 1; i < word.length; i++) {
    const letter = word.charAt(i);
    const row = rows.find((candidate) => candidate.short === letter);
    if (row === undefined) throw unknownOption(`-${letter}`, rows);
    const tail = word.slice(i + 1);
    if (row.value === undefined && !tail.startsWith('=')) {
      given.push({ row, value: 'true' });
      continue;
    }
    const attached = tail.startsWith('=') ? tail.slice(1) : tail;
    given.push({ row, value: tail === '' ? nextWord(row, rest) : readValue(row, attached) });
    break;
  }
  return given;
}

function nextWord(row: OptionRow, rest: string[]): string {
  const word = rest.shift();
  if (word === undefined) {
    throw usageError('OPTION_MISSING_VALUE', `--${row.name} needs a value`, `write --${row.name} ${row.value}`);
  }
  return word;
}

function readValue(row: OptionRow, text: string): string {
  if (row.value !== undefined) return text;
  if (TRUE.has(text)) return 'true';
  if (FALSE.has(text)) return 'false';
  throw usageError(
    'OPTION_BAD_VALUE',
    `--${row.name} is a switch and cannot be ${JSON.stringify(text)}`,
    `write --${row.name}, --${row.name}=true or --${row.name}=false`,
  );
}

function check({ row, value }: Given): void {
  const { support } = row;
  if (support.kind === 'refused' && !support.except?.includes(value)) {
    throw usageError('OPTION_UNSUPPORTED', `${written(row, value)} is not supported`, support.instead);
  }
  if (row.choices !== undefined && !row.choices.includes(value)) {
    const meant = suggest(value, row.choices);
    throw usageError(
      'OPTION_BAD_VALUE',
      `--${row.name} cannot be ${JSON.stringify(value)}`,
      `${meant === undefined ? '' : `did you mean "${meant}"? `}it is one of ${row.choices.join(', ')}`,
    );
  }
}

function written(row: OptionRow, value: string): string {
  return row.value === undefined && value === 'true' ? `--${row.name}` : `--${row.name}=${value}`;
}

function noticesOf(given: readonly Given[]): string[] {
  const notices = given.flatMap(({ row }) =>
    row.support.kind === 'no-effect' ? [`--${row.name} has no effect: ${row.support.why}`] : [],
  );
  return [...new Set(notices)];
}

function unknownOption(word: string, rows: readonly OptionRow[]): Error {
  const meant = word.startsWith('--')
    ? suggest(
        word.slice(2),
        rows.map((row) => row.name),
      )
    : undefined;
  return usageError(
    'OPTION_UNKNOWN',
    `unknown option ${JSON.stringify(word)}`,
    meant === undefined ? '--help lists the options' : `did you mean "--${meant}"?`,
  );
}
