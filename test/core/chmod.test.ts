import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { applyChmod, parseChmod } from '../../src/core/chmod.ts';
import { corpusDir } from '../support/corpus.ts';

const file = (text: string, from: string) => applyChmod(parseChmod(text), Number.parseInt(from, 8), false).toString(8);
const directory = (text: string, from: string) =>
  applyChmod(parseChmod(text), Number.parseInt(from, 8), true).toString(8);

describe('--chmod (reference, section 11)', () => {
  test.each([
    ['0', '644', '0'],
    ['755', '644', '755'],
    ['0755', '4644', '755'],
    ['7777', '0', '7777'],
    ['00001', '0', '1'],
  ])('octal %s on %s gives %s', (text, from, to) => {
    expect(file(text, from)).toBe(to);
    expect(directory(text, from)).toBe(to);
  });

  test.each([
    ['u+x', '644', '744'],
    ['+x', '644', '755'],
    ['+s', '755', '6755'],
    ['u+s', '755', '4755'],
    ['o+s', '755', '755'],
    ['u=rwx', '4644', '744'],
    ['u=g', '4750', '4550'],
    ['u+t', '644', '1644'],
    ['o+t', '644', '644'],
    ['=', '1755', '1000'],
    ['a-x,u+x', '755', '744'],
    ['u+w-r', '444', '244'],
    ['a-X', '755', '755'],
    ['go+u', '700', '777'],
    ['ug=o', '704', '444'],
  ])('symbolic %s on a file of mode %s gives %s', (text, from, to) => {
    expect(file(text, from)).toBe(to);
  });

  it('gives X to directories', () => {
    expect(directory('a=rX', '600')).toBe('555');
    expect(file('a=rX', '600')).toBe('444');
  });

  it('judges X by the mode before the change', () => {
    expect(file('a-x,a+X', '755')).toBe('755');
  });

  test.each(['', 'x', '8', '08', '10000', '-1', '0o755', 'u', 'u~x', 'u+x,', ',u+x', 'u+y', 'u+x g+x', '755x'])(
    'refuses %j and says how to write it',
    (text) => {
      expect(() => parseChmod(text)).toThrow(
        expect.objectContaining({
          code: 'PLAN_BAD_CHMOD',
          message: `invalid --chmod value ${JSON.stringify(text)}`,
          hint: expect.stringContaining('--chmod=0755'),
        }),
      );
    },
  );

  describe.skipIf(corpusDir() === undefined)('corpus table chmod-symbolic', () => {
    for (const { from, mode, to } of readTable()) {
      it(`${JSON.stringify(mode)} on ${from}: ${to}`, () => {
        if (to === null) expect(() => parseChmod(mode)).toThrow();
        else expect(file(mode, from)).toBe(Number.parseInt(to, 8).toString(8));
      });
    }
  });
});

function readTable(): readonly { readonly from: string; readonly mode: string; readonly to: string | null }[] {
  const dir = corpusDir();
  return dir === undefined ? [] : JSON.parse(readFileSync(join(dir, 'tables/chmod-symbolic.json'), 'utf8')).cases;
}
