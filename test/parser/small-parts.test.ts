import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/parser/duration.ts';
import { heredocBody, parse, parseCheckOptions, parseInstruction, toDump } from '../../src/parser/index.ts';

describe('parseDuration', () => {
  test.for([
    ['0', 0],
    ['1h2m3.5s', 3_723_500_000_000],
    ['1.5ms', 1_500_000],
    ['.5s', 500_000_000],
    ['2µs3ns', 2003],
    ['-1s', -1_000_000_000],
    ['+1s', 1_000_000_000],
  ] as const)('%s is %d ns', ([text, nanoseconds]) => {
    expect(parseDuration(text)).toBe(nanoseconds);
  });

  test.for(['', '5', '1d', 's', '1s2', '1 s', '--1s', '1..5s', '99999999h'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('parseCheckOptions', () => {
  test('reads rules and the error switch', () => {
    expect(parseCheckOptions('skip=A, B;experimental=all;error=TRUE')).toEqual({
      skip: ['A', 'B'],
      experimental: 'all',
      error: true,
    });
    expect(parseCheckOptions('skip=all')).toEqual({ skip: 'all', experimental: [], error: false });
  });
});

describe('directives', () => {
  test.for([
    ['# syntax=docker/dockerfile:1\nFROM x\n', 'docker/dockerfile:1'],
    ['\ufeff# SYNTAX = a b \r\nFROM x\n', 'a b'],
    ['#!/usr/bin/env lamella\n# syntax=a\n', 'a'],
    ['// syntax=a\n{}', 'a'],
    ['{"syntax": "a"}', 'a'],
    ['\n# syntax=a\n', undefined],
    ['# syntax=\n', undefined],
    [' # syntax=a\n', undefined],
  ] as const)('the syntax of %j is %s', ([text, syntax]) => {
    expect(parse(text).directives.syntax?.text).toBe(syntax);
  });

  test('have exact spans', () => {
    const text = '# check = skip=all \n# syntax=a\nFROM x\n';
    const { check, syntax } = parse(text).directives;
    expect(check && text.slice(check.span.start.offset, check.span.end.offset)).toBe('skip=all');
    expect(syntax?.span).toEqual({
      start: { offset: text.indexOf('a\nF'), line: 2, column: 10 },
      end: { offset: text.indexOf('a\nF') + 1, line: 2, column: 11 },
    });
  });
});

describe('doc comments', () => {
  test('are those since the instruction before, from the last empty one on', () => {
    const { instructions } = parse('# syntax=a\n# top\n\n# more\nFROM x\n# a\n#\n# b\nRUN \\\n# inside\n a\nRUN b\n');
    expect(instructions.map(({ comments }) => comments)).toEqual([['top', 'more'], ['b'], []]);
  });
});

describe('parseInstruction', () => {
  test('reads a trigger with heredocs', () => {
    const { instruction, diagnostics } = parseInstruction('COPY <<-A /a\n\tbody\nA');
    expect(diagnostics).toEqual([]);
    expect(instruction?.heredocs.map(heredocBody)).toEqual(['body\n']);
  });

  test.for([
    ['', 'PARSE_TRIGGER_NOT_ONE'],
    ['# only a comment', 'PARSE_TRIGGER_NOT_ONE'],
    ['RUN a\nRUN b', 'PARSE_TRIGGER_NOT_ONE'],
    ['FROM x', 'PARSE_FORBIDDEN_TRIGGER'],
    ['ONBUILD RUN x', 'PARSE_FORBIDDEN_TRIGGER'],
    ['MAINTAINER x', 'PARSE_FORBIDDEN_TRIGGER'],
    ['RNU x', 'PARSE_UNKNOWN_INSTRUCTION'],
    ['COPY x', 'PARSE_TOO_FEW_ARGUMENTS'],
  ] as const)('refuses %j', ([text, code]) => {
    const parsed = parseInstruction(text);
    expect(parsed.instruction).toBeUndefined();
    expect(parsed.diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
  });

  test('gives back what ONBUILD stored', () => {
    const [, onbuild] = parse("FROM x\nONBUILD  RUN cat <<'A' \\\n # c\n <<B\n$a\nA\nb\nB\n").instructions;
    if (onbuild?.kind !== 'ONBUILD') throw new Error('not an ONBUILD');
    expect(onbuild.trigger).toBe("RUN cat <<'A'  <<B\n$a\nA\nb\nB");
    const again = parseInstruction(onbuild.trigger).instruction;
    expect(again?.heredocs.map(({ content }) => content)).toEqual(['$a\n', 'b\n']);
    expect(again?.logicalText).toBe(onbuild.instruction.logicalText);
  });
});

describe('toDump', () => {
  test('escapes what is not printable', () => {
    expect(toDump(parse('FROM x\nCMD ["\\u0001\\u007f\\u200b\\ud83d\\ude00\\udb40\\udc01\\n\\t\\"\\\\ é"]\n'))).toBe(
      '(from "x")\n(cmd "\\x01\\x7f\\u200b😀\\U000e0001\\n\\t\\"\\\\ é")\n',
    );
  });
});
