import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUILD_OPTIONS } from '../../src/cli/build-option-table.ts';
import { type Arguments, parseArguments } from '../../src/cli/parse-arguments.ts';

const parse = (...argv: string[]): Arguments => parseArguments(argv, BUILD_OPTIONS);

describe('parseArguments', () => {
  test.each([
    [['--tag', 'app']],
    [['--tag=app']],
    [['-t', 'app']],
    [['-tapp']],
    [['-t=app']],
    [['-qt', 'app']],
    [['-qtapp']],
  ])('%j gives a tag', (argv) => {
    expect(parse(...argv).all('tag')).toEqual(['app']);
  });

  test('options stand before, after and between positionals; -- ends them', () => {
    const args = parse('.', '-q', '--', '-t', '--push');
    expect(args.positionals).toEqual(['.', '-t', '--push']);
    expect(args.on('quiet')).toBe(true);
  });

  test('a lone dash is a value', () => {
    expect(parse('-f', '-', '-').positionals).toEqual(['-']);
  });

  test('a value may begin with a dash and contain =', () => {
    expect(parse('--build-arg', '-x=a=b').all('build-arg')).toEqual(['-x=a=b']);
  });

  test('the last one of a single option counts, all of a repeated one', () => {
    const args = parse('--target', 'a', '--target', 'b', '-t', 'x', '-t', 'y');
    expect(args.last('target')).toBe('b');
    expect(args.all('tag')).toEqual(['x', 'y']);
  });

  test.each([
    ['--no-cache', true],
    ['--no-cache=true', true],
    ['--no-cache=1', true],
    ['--no-cache=false', false],
    ['--no-cache=F', false],
  ])('%s', (word, on) => {
    expect(parse(word).on('no-cache')).toBe(on);
  });

  test('a bare --pull takes no value from the next word', () => {
    const args = parse('--pull', '.');
    expect(args.last('pull')).toBe('always');
    expect(args.positionals).toEqual(['.']);
    expect(parse('--pull=missing').last('pull')).toBe('missing');
  });

  test.each([
    [['--taget', 'x'], 'OPTION_UNKNOWN', 'did you mean "--target"?'],
    [['--no-cahce'], 'OPTION_UNKNOWN', 'did you mean "--no-cache"?'],
    [['--zzzzzz'], 'OPTION_UNKNOWN', '--help lists the options'],
    [['-Z'], 'OPTION_UNKNOWN', '--help lists the options'],
    [['--tag'], 'OPTION_MISSING_VALUE', 'write --tag NAME'],
    [['--push=maybe'], 'OPTION_BAD_VALUE', 'write --push, --push=true or --push=false'],
    [['--progress', 'plian'], 'OPTION_BAD_VALUE', 'did you mean "plain"? it is one of auto, tty, plain, json, quiet'],
    [['--progress=rawjson'], 'OPTION_BAD_VALUE', 'it is one of auto, tty, plain, json, quiet'],
  ])('%j is refused: %s', (argv, code, hint) => {
    expect(() => parse(...argv)).toThrow(expect.objectContaining({ family: 'option', code, hint }));
  });

  test('any words give arguments or an error of ours', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('-t', '--tag', '-q', '--pull', '--', '-o='))),
        (argv) => {
          try {
            parse(...argv);
          } catch (error) {
            expect(error).toMatchObject({ family: 'option', hint: expect.any(String) });
          }
        },
      ),
    );
  });
});
