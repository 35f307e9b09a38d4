import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { frameKey, type Ingredient } from '../../src/cache/frame.ts';

const text = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'b', '1', '1:', '1:a', 'list 1:', 'ä', '\0', 'name'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const ingredients: fc.Arbitrary<Ingredient[]> = fc.array(
  fc.record({ name: text, value: fc.oneof(text, fc.array(text, { maxLength: 3 })) }),
  { maxLength: 4 },
);

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('frameKey', () => {
  it('gives equal ingredients equal keys and different ones different keys', () => {
    fc.assert(
      fc.property(text, ingredients, text, ingredients, (recipe, list, otherRecipe, otherList) => {
        const equal = JSON.stringify([recipe, list]) === JSON.stringify([otherRecipe, otherList]);
        expect(frameKey(recipe, list) === frameKey(otherRecipe, otherList)).toBe(equal);
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, readonly Ingredient[], readonly Ingredient[]]>([
    ['where a name ends', [{ name: 'ab', value: 'c' }], [{ name: 'a', value: 'bc' }]],
    ['where a list item ends', [{ name: 'n', value: ['ab', 'c'] }], [{ name: 'n', value: ['a', 'bc'] }]],
    ['a list of one from its item', [{ name: 'n', value: ['a'] }], [{ name: 'n', value: 'a' }]],
    ['an empty list from an empty text', [{ name: 'n', value: [] }], [{ name: 'n', value: '' }]],
    ['an empty list from no ingredient', [{ name: 'n', value: [] }], []],
    [
      'an item from an ingredient',
      [{ name: 'n', value: ['a', 'b'] }],
      [
        { name: 'n', value: ['a'] },
        { name: 'b', value: [] },
      ],
    ],
    ['the order of a list', [{ name: 'n', value: ['a', 'b'] }], [{ name: 'n', value: ['b', 'a'] }]],
    ['characters from bytes', [{ name: 'ä', value: '' }], [{ name: 'Ã¤', value: '' }]],
  ])('tells %s', (_, left, right) => {
    expect(frameKey('r', left)).not.toBe(frameKey('r', right));
  });

  it('depends on the recipe and its version', () => {
    expect(frameKey('run 1', [])).not.toBe(frameKey('run 2', []));
  });

  it('hashes each field after its length and each list after its count', () => {
    expect(
      frameKey('run 1', [
        { name: 'argv', value: ['/bin/sh', '-c', 'true'] },
        { name: 'user', value: '' },
      ]),
    ).toBe(`sha256:${sha256('5:run 14:argvlist 3:7:/bin/sh2:-c4:true4:user1:0:')}`);
  });
});
