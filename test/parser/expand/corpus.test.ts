import { describe, expect, test } from 'vitest';
import { PlanError } from '../../../src/core/errors.ts';
import { expandWord, expandWords } from '../../../src/parser/index.ts';
import { corpusDir, corpusTable } from '../../support/corpus.ts';

type Environment = Readonly<Record<string, string>>;

interface WordTable {
  readonly env: Environment;
  readonly cases: readonly { readonly word: string; readonly expected: string | null; readonly error: boolean }[];
}

interface SplitTable {
  readonly cases: readonly { readonly word: string; readonly env: Environment; readonly expected: string[] }[];
}

describe.skipIf(corpusDir() === undefined)('the corpus of word expansion', () => {
  const table = corpusTable<WordTable>('expand-word');
  test.for(table.cases)('$word', ({ word, expected, error }) => {
    const expand = () => expandWord(word, (name) => table.env[name]);
    if (error) expect(expand).toThrow(PlanError);
    else expect(expand()).toBe(expected);
  });

  test.for(corpusTable<SplitTable>('split-words').cases)('split: $word', ({ word, env, expected }) => {
    expect(expandWords(word, (name) => env[name])).toEqual(expected);
  });
});
