import { describe, expect, test } from 'vitest';
import { suggest } from '../../src/core/suggest.ts';

describe('suggest', () => {
  test.for([
    ['RNU', 'RUN'],
    ['copi', 'COPY'],
    ['WORKDRI', 'WORKDIR'],
    ['FORM', 'FROM'],
  ] as const)('%s was meant to be %s', ([word, meant]) => {
    expect(suggest(word, ['FROM', 'RUN', 'COPY', 'WORKDIR'])).toBe(meant);
  });

  test('offers nothing that is far away', () => {
    expect(suggest('banana', ['FROM', 'RUN', 'COPY'])).toBeUndefined();
    expect(suggest('', ['a'])).toBeUndefined();
    expect(suggest('x', [])).toBeUndefined();
  });
});
