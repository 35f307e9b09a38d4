import { describe, expect, test } from 'vitest';
import type { SourceSpan } from '../../src/core/span.ts';
import { type Instruction, parse } from '../../src/parser/index.ts';

/** The text of a file, and the words of its instruction number `index` as they stand in it. */
function reader(text: string) {
  const { instructions } = parse(text);
  const slice = ({ start, end }: SourceSpan) => text.slice(start.offset, end.offset);
  const instruction = <K extends Instruction['kind']>(index: number, kind: K): Extract<Instruction, { kind: K }> => {
    const found = instructions[index];
    if (found?.kind !== kind) throw new Error(`instruction ${index} is no ${kind}`);
    return found as Extract<Instruction, { kind: K }>;
  };
  return { slice, instruction };
}

describe('spans', () => {
  test('of words are exact behind continuations, comments and blank lines', () => {
    const { slice, instruction } = reader('FROM x\n  COPY --chown=1:2 \\\n# c\n\n  a \\  \n\tb/ c\n');
    const copy = instruction(1, 'COPY');
    expect(slice(copy.span)).toBe('COPY --chown=1:2 \\\n# c\n\n  a \\  \n\tb/ c');
    expect(copy.span.start).toEqual({ offset: 9, line: 2, column: 3 });
    expect(copy.span.end).toMatchObject({ line: 6, column: 6 });
    expect(slice(copy.keyword.span)).toBe('COPY');
    expect(copy.sources.map(({ word }) => slice(word.span))).toEqual(['a', 'b/']);
    expect(copy.destination.span).toEqual({
      start: { offset: 45, line: 6, column: 5 },
      end: { offset: 46, line: 6, column: 6 },
    });
    expect(copy.chown && slice(copy.chown.span)).toBe('1:2');
    expect(slice(copy.flags[0]?.span ?? copy.span)).toBe('--chown=1:2');
  });

  test('of a word that goes over a line end hold the line end', () => {
    const { slice, instruction } = reader('FROM no\\\nde:24 AS b\nWORK\\\n\\\nDIR /a\\\n/b\n');
    const from = instruction(0, 'FROM');
    expect([from.image.text, slice(from.image.span)]).toEqual(['node:24', 'no\\\nde:24']);
    expect(slice(from.stageName?.span ?? from.span)).toBe('b');
    const workdir = instruction(1, 'WORKDIR');
    expect([workdir.keyword.text, slice(workdir.keyword.span)]).toEqual(['WORKDIR', 'WORK\\\n\\\nDIR']);
    expect([workdir.path.text, slice(workdir.path.span)]).toEqual(['/a/b', '/a\\\n/b']);
  });

  test('of pairs are those of name and value', () => {
    const { slice, instruction } = reader(
      'FROM x\r\nENV a="b c" \\\r\n  d= e=f\r\nENV old  value it is\r\nARG p=q r\r\n',
    );
    const env = instruction(1, 'ENV');
    expect(env.pairs.map(({ name, value }) => [slice(name.span), slice(value.span)])).toEqual([
      ['a', '"b c"'],
      ['d', ''],
      ['e', 'f'],
    ]);
    const [legacy] = instruction(2, 'ENV').pairs;
    expect(legacy && [slice(legacy.name.span), slice(legacy.value.span)]).toEqual(['old', 'value it is']);
    const arg = instruction(3, 'ARG');
    expect(arg.args.map(({ name, value }) => [slice(name.span), value && slice(value.span)])).toEqual([
      ['p', 'q'],
      ['r', undefined],
    ]);
  });

  test('of JSON strings are those of the literals', () => {
    const { slice, instruction } = reader('FROM x\nCOPY ["a \\"b\\"", \\\n "c"]\n');
    const copy = instruction(1, 'COPY');
    expect(copy.sources.map(({ word }) => [word.text, slice(word.span)])).toEqual([['a "b"', '"a \\"b\\""']]);
    expect([copy.destination.text, slice(copy.destination.span)]).toEqual(['c', '"c"']);
  });

  test('of heredocs are those of the announcing words; the instruction ends with the terminator', () => {
    const { slice, instruction } = reader('FROM x\nRUN cat <<A 3<< "B"\na\nA\nb\nB\nRUN c\n');
    const run = instruction(1, 'RUN');
    expect(run.heredocs.map(({ span }) => slice(span))).toEqual(['<<A', '3<< "B"']);
    expect(slice(run.span)).toBe('RUN cat <<A 3<< "B"\na\nA\nb\nB');
    expect(run.command.form === 'shell' && run.command.text).toBe('cat <<A 3<< "B"');
    expect(slice(run.command.span)).toBe('cat <<A 3<< "B"');
  });

  test('of a trigger start at its keyword', () => {
    const { slice, instruction } = reader('FROM x\nONBUILD --a \\\n  RUN b\nonbuild run c\n');
    const onbuild = instruction(1, 'ONBUILD');
    expect(slice(onbuild.instruction.span)).toBe('RUN b');
    expect(slice(onbuild.instruction.keyword.span)).toBe('RUN');
  });
});
