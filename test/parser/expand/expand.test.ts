import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBuilderError, PlanError } from '../../../src/core/errors.ts';
import { expandHeredoc, expandWord, expandWords, type Lookup } from '../../../src/parser/index.ts';

type Row = readonly [word: string, outcome: string];

const words = JSON.parse(readFileSync(join(import.meta.dirname, 'words.json'), 'utf8')) as {
  readonly expansions: readonly Row[];
  readonly errors: readonly Row[];
  readonly messages: readonly Row[];
};

const VALUES: Readonly<Record<string, string>> = {
  v: 'usr/local/lib/lib.tar.gz',
  empty: '',
  spaces: ' a  b ',
  letters: 'aXbXc',
  price: '$1',
  lines: 'one\ntwo',
  größe: 'XL',
};
const lookup: Lookup = (name) => VALUES[name];
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof PlanError ? error.code : 'not a PlanError';
  }
};

describe('expandWord', () => {
  test.for(words.expansions)('%s is %s', ([word, expected]) => {
    expect(expandWord(word, lookup)).toBe(expected);
  });

  test.for(words.errors)('%s is refused with %s', ([word, code]) => {
    expect(codeOf(() => expandWord(word, lookup))).toBe(code);
  });

  test.for(words.messages)('%s says what is required: %s', ([word, message]) => {
    expect(() => expandWord(word, lookup)).toThrow(message);
  });

  test('with the backtick as escape a backslash is ordinary', () => {
    expect(expandWord('C:\\$v`$v`', (name) => (name === 'v' ? 'dir' : undefined), { escape: '`' })).toBe('C:\\dir$v');
  });

  test('tells the unset variables that have no word for that case', () => {
    const told: string[] = [];
    expandWord('$a {b} {c:-x} {d+x} {e#x} $@ $v {f:-$g}'.replaceAll('{', '${'), lookup, {
      onUndefined: (name) => told.push(name),
    });
    expect(told).toEqual(['a', 'b', 'e', 'g']);
  });

  test('refuses what would fill the memory or the stack', () => {
    const big = 'x'.repeat(1024 * 1024);
    expect(codeOf(() => expandWord('$a'.repeat(9), () => big))).toBe('PLAN_EXPANSION_TOO_LONG');
    expect(codeOf(() => expandWord(`\${a//x/$a}`, () => big))).toBe('PLAN_EXPANSION_TOO_LONG');
    expect(codeOf(() => expandWord('${a:-'.repeat(50_000), lookup))).toBe('PLAN_BAD_SUBSTITUTION');
  });

  test('a pattern with many stars needs no more time than one', () => {
    const value = 'a'.repeat(50_000);
    expect(expandWord(`\${v#${'*a'.repeat(500)}*b}`, () => value)).toBe(value);
    expect(expandWord(`\${v//${'*a'.repeat(500)}*b/x}`, () => value)).toBe(value);
  });
});

describe('expandWords', () => {
  test('splits what a variable gives, not what is quoted', () => {
    expect(expandWords('x$spaces"$spaces"', lookup)).toEqual(['x', 'a', 'b', ' a  b ']);
    expect(expandWords('"" $empty', lookup)).toEqual([]);
  });
});

describe('expandHeredoc', () => {
  test('takes quotes as ordinary characters and every escape away', () => {
    expect(expandHeredoc(`it's "$v" \\$v \\\\ \\x \${nope:-"q"}\n`, lookup)).toBe(
      'it\'s "usr/local/lib/lib.tar.gz" $v \\ x "q"\n',
    );
  });
});

describe('any text', () => {
  const alphabet = fc.constantFrom(...`ab$\{}:-+?#%/*'"\\\`!@0 \n`, 'v', '${', '${v', '}', 'ß', '😀');
  const word = fc.array(alphabet, { maxLength: 60 }).map((parts) => parts.join(''));

  test('expands or is refused with a PlanError', () => {
    fc.assert(
      fc.property(word, fc.constantFrom('\\', '`'), (text, escapeChar) => {
        for (const run of [expandWord, expandWords, expandHeredoc]) {
          try {
            run(text, lookup, { escape: escapeChar as '\\' | '`' });
          } catch (error) {
            expect(isBuilderError(error)).toBe(true);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('in single quotes is itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const quoted = `'${text.replaceAll("'", `'"'"'`)}'`;
        expect(expandWord(quoted, lookup)).toBe(text);
      }),
    );
  });
});
