import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameKey } from '../../src/cache/frame.ts';
import { textListOf } from '../support/text-list-of.ts';

/** Some of them fill a piece. */
const texts = fc.array(
  fc.oneof(
    fc.constantFrom('', '1:', '12:ab', ':', '\0', 'ä', '日本語', '😀'),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.nat({ max: 20_000 }).map((length) => 'x'.repeat(length)),
  ),
  { maxLength: 12 },
);

describe('a list of texts in few pieces of memory', () => {
  it('gives back what was put into it', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const list = textListOf(given);
        expect([...list]).toEqual(given);
        expect(list.length).toBe(given.length);
        expect(JSON.stringify(list)).toBe(JSON.stringify(given));
      }),
    );
  });

  it('counts in a key as the list itself', () => {
    fc.assert(
      fc.property(texts, texts, (given, other) => {
        const around = { name: 'more', value: other };
        const key = frameKey('r', [around, { name: 'n', value: textListOf(given) }, around]);
        expect(key).toBe(frameKey('r', [around, { name: 'n', value: given }, around]));
      }),
    );
  });
});
