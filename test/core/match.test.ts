import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { PlanError } from '../../src/core/errors.ts';
import { compileMatch } from '../../src/core/match.ts';

describe('compileMatch is Go filepath.Match', () => {
  test.each<[pattern: string, path: string, matches: boolean]>([
    ['', '', true],
    ['', 'a', false],
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*', '', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'abc', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['**', 'abc', true],
    ['**', 'a/b', false],
    ['a**c', 'abbc', true],
    ['.*', '.hidden', true],
    ['*', '.hidden', true],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[d-b]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a[!b]', 'a!', true],
    ['a[!b]', 'ab', true],
    ['a[!b]', 'ac', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['[*]', '*', true],
    ['[[]0]', '[0]', true],
    ['a]', 'a]', true],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['a[^a][^a][^a]b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['*[a-ζ]', 'A', false],
    ['?', '😀', true],
    ['a?b', 'a/b', false],
    ['a*b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['[\\-]', '-', true],
    ['[x\\-]', 'x', true],
    ['[x\\-]', 'z', false],
    ['[\\-x]', 'a', false],
    ['*x', 'xxx', true],
  ])('%j matches %j: %s', (pattern, path, matches) => {
    expect(compileMatch(pattern)(path)).toBe(matches);
  });

  it('lets a class match a slash, as Go does', () => {
    expect(compileMatch('a[^b]c')('a/c')).toBe(true);
  });

  it('does not come back to an earlier star, as Go does not', () => {
    expect(compileMatch('*[^z]*d')('ab/d')).toBe(false);
  });

  it('lets a star end inside a character, as Go does', () => {
    expect(compileMatch('*??')('☺')).toBe(true);
  });

  test.each([
    '[]a]',
    '[-]',
    '[x-]',
    '[-x]',
    '[a-b-c]',
    '[',
    '[^',
    '[^bc',
    'a[',
    'a/b[',
    '\\',
    'a\\',
    '[\\',
    '[]',
    '[^]',
  ])('refuses %j', (pattern) => {
    expect(() => compileMatch(pattern)).toThrow(
      expect.objectContaining({ code: 'PLAN_BAD_PATTERN', message: expect.stringContaining(JSON.stringify(pattern)) }),
    );
  });

  it('throws nothing but a PlanError for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab*?[]^-\\/é😀') }), fc.string(), (pattern, path) => {
        try {
          compileMatch(pattern)(path);
        } catch (error) {
          expect(error).toBeInstanceOf(PlanError);
        }
      }),
    );
  });

  it('agrees with a definition by recursion where a class cannot match a slash', () => {
    const characters = fc.constantFrom('a', 'b', '*', '?', '/', '[ab]', '[^/a]');
    fc.assert(
      fc.property(
        fc.array(characters, { maxLength: 7 }),
        fc.string({ unit: fc.constantFrom(...'ab/c') }),
        (parts, path) => {
          expect(compileMatch(parts.join(''))(path)).toBe(matchesByDefinition(parts, path));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

function matchesByDefinition(parts: readonly string[], path: string): boolean {
  const [part, ...rest] = parts;
  if (part === undefined) return path === '';
  const head = path[0];
  if (part === '*' && matchesByDefinition(rest, path)) return true;
  if (head === undefined) return false;
  if (part === '*') return head !== '/' && matchesByDefinition(parts, path.slice(1));
  const accepts = part === '?' ? head !== '/' : part.length === 1 ? head === part : new RegExp(part).test(head);
  return accepts && matchesByDefinition(rest, path.slice(1));
}
