import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isBuilderError, OptionError } from '../../src/core/errors.ts';
import {
  type Dockerfile,
  expandWord,
  insertAfter,
  insertBefore,
  parse,
  print,
  removeInstruction,
  replaceInstruction,
  setArgDefault,
  setBase,
} from '../../src/parser/index.ts';

const TEXT = `# syntax=docker/dockerfile:1
ARG version=24 other
FROM  node:$version AS Build

# what it does
RUN <<EOF
make
EOF
from build \\
  AS last
  ARG version
CMD ["a"]`;

describe('editing a Dockerfile', () => {
  test.each<[string, (file: Dockerfile) => Dockerfile, string, string]>([
    ['the base of a stage', (file) => setBase(file, 'LAST', 'alpine:3'), 'from build', 'from alpine:3'],
    ['the base of a stage by number', (file) => setBase(file, 0, 'x@sha256:0'), 'node:$version', 'x@sha256:0'],
    ['an instruction', (file) => replaceInstruction(file, 2, 'RUN x'), 'RUN <<EOF\nmake\nEOF', 'RUN x'],
    ['an indented instruction', (file) => replaceInstruction(file, 4, 'ENV a=b'), '  ARG version\n', '  ENV a=b\n'],
    ['the last instruction', (file) => replaceInstruction(file, 5, 'CMD b\n'), 'CMD ["a"]', 'CMD b'],
    ['what stands above', (file) => insertBefore(file, 2, 'ENV a=b'), '# what', 'ENV a=b\n# what'],
    ['what stands below', (file) => insertAfter(file, 2, 'RUN <<E\nE\n'), 'EOF\nfrom', 'EOF\nRUN <<E\nE\nfrom'],
    ['what stands at the end', (file) => insertAfter(file, 5, 'USER x'), 'CMD ["a"]', 'CMD ["a"]\nUSER x'],
    ['what stands at the start', (file) => insertBefore(file, 0, 'ARG a'), 'ARG version=24', 'ARG a\nARG version=24'],
    ['lines away', (file) => removeInstruction(file, 3), 'from build \\\n  AS last\n', ''],
    ['a default', (file) => setArgDefault(file, { name: 'version', value: '22' }), 'version=24', 'version=22'],
    [
      'a default to be quoted',
      (file) => setArgDefault(file, { name: 'other', value: 'a "$b' }),
      ' other',
      ' other="a \\"\\$b"',
    ],
    ['a default away', (file) => setArgDefault(file, { name: 'version', value: undefined }), 'version=24', 'version'],
    [
      'a default of a stage',
      (file) => setArgDefault(file, { name: 'version', value: '1', stage: 1 }),
      '  ARG version',
      '  ARG version=1',
    ],
  ])('changes %s', (_, change, before, after) => {
    const edited = change(parse(TEXT));
    const expected = TEXT.replace(before, () => after);
    expect(print(edited)).toBe(expected);
    expect(edited).toEqual(parse(expected));
    const windows = change(parse(TEXT.replaceAll('\n', '\r\n')));
    expect(print(windows)).toBe(expected.replaceAll('\n', '\r\n'));
  });

  it('keeps the name of the file', () => {
    expect(setBase(parse('FROM a', { name: 'x/Dockerfile' }), 0, 'b').source.name).toBe('x/Dockerfile');
  });

  test.each<[string, string, (file: Dockerfile) => Dockerfile]>([
    ['an open continuation', 'FROM a\nRUN b\nRUN c', (file) => replaceInstruction(file, 1, 'RUN x \\')],
    ['an open heredoc', 'FROM a\nRUN b\nRUN c', (file) => replaceInstruction(file, 1, 'RUN <<E')],
    ['two instructions for one', 'FROM a\nRUN b', (file) => replaceInstruction(file, 1, 'RUN x\nRUN y')],
    ['no instruction', 'FROM a\nRUN b', (file) => replaceInstruction(file, 1, '# x')],
    ['an unknown instruction', 'FROM a\nRUN b', (file) => insertAfter(file, 0, 'RUNN x')],
    ['nothing', 'FROM a', (file) => insertAfter(file, 0, ' \n')],
    ['something after an open line', 'FROM a\nRUN b \\', (file) => insertAfter(file, 1, 'RUN c')],
    ['a directive', 'FROM a', (file) => insertBefore(file, 0, '# escape=`')],
    ['a comment that becomes a directive', 'FROM a\n# escape=`\nRUN b', (file) => removeInstruction(file, 0)],
    ['an image of two words', 'FROM a', (file) => setBase(file, 0, 'a AS b')],
    ['an image that is a flag', 'FROM a', (file) => setBase(file, 0, '--platform=x')],
    ['an empty image', 'FROM a', (file) => setBase(file, 0, '')],
    ['a default of two lines', 'ARG a\nFROM a', (file) => setArgDefault(file, { name: 'a', value: 'b\nRUN c' })],
    ['an instruction that is not there', 'FROM a', (file) => removeInstruction(file, 1)],
    ['a stage that is not there', 'FROM a AS b', (file) => setBase(file, 'c', 'd')],
    ['an ARG that is not there', 'ARG abc\nFROM a', (file) => setArgDefault(file, { name: 'acb', value: 'c' })],
  ])('refuses %s', (_, text, change) => {
    expect(() => change(parse(text))).toThrow(OptionError);
  });

  it('suggests what may be meant', () => {
    expect(() => setBase(parse('FROM a AS build'), 'biuld', 'x')).toThrow(
      expect.objectContaining({ code: 'OPTION_NO_STAGE', hint: 'did you mean build?' }),
    );
  });
});

const line = fc.constantFrom(
  ...['RUN a \\\n\n  # c\n  b', 'RUN <<E\nx\nE', '  cmd ["x"]', 'ENV a=b', '# comment', '', '# escape=`', 'ARG a=1 b'],
  ...['FROM a AS b', '\tCOPY --from=b a b', 'RUN a \\', 'COPY <<A <<B /c\nA\nB', 'x y'],
);
const file = fc
  .tuple(fc.constantFrom('', '\ufeff', '# escape=`\n'), fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'))
  .map(([head, lines, end]) => `${head}${['ARG a', 'FROM x AS b', ...lines].join('\n')}`.replaceAll('\n', end));
const added = fc.constantFrom(
  'RUN new',
  'COPY <<N /n\nbody\nN',
  'RUN \\',
  'RUN <<',
  '# x',
  'ENV a=`',
  'RUN a\n\nRUN b',
);

/** `undefined` for an edit that is refused. */
function attempt(change: () => Dockerfile): Dockerfile | undefined {
  try {
    return change();
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    return undefined;
  }
}

/** Raw texts of the instructions that parsed. */
function rawInstructions({ instructions, source }: Dockerfile): readonly string[] {
  return instructions.map(({ span }) => source.text.slice(span.start.offset, span.end.offset));
}

/** The one text between what is the same in front and behind. */
function between(text: string, before: string, after: string): string | undefined {
  const fits = text.startsWith(before) && text.endsWith(after) && text.length >= before.length + after.length;
  return fits ? text.slice(before.length, text.length - after.length) : undefined;
}

describe('any edit', () => {
  it('that replaces an instruction leaves every byte around it, and line endings as they are', () => {
    fc.assert(
      fc.property(file, fc.nat(), added, (text, choice, replacement) => {
        const before = parse(text);
        const index = choice % before.instructions.length;
        const span = before.instructions[index]?.span;
        const after = attempt(() => replaceInstruction(before, index, replacement));
        if (after === undefined) return;
        const middle = between(print(after), text.slice(0, span?.start.offset), text.slice(span?.end.offset));
        expect(middle?.replaceAll('\r', '')).toBe(replacement);
        expect(rawInstructions(after).toSpliced(index, 1)).toEqual(rawInstructions(before).toSpliced(index, 1));
        if (text.includes('\r\n')) expect(print(after).replaceAll('\r\n', '')).not.toContain('\n');
      }),
      { numRuns: 1000 },
    );
  });

  it('that removes an instruction takes its lines only', () => {
    fc.assert(
      fc.property(file, fc.nat(), (text, choice) => {
        const before = parse(text);
        const index = choice % before.instructions.length;
        const after = attempt(() => removeInstruction(before, index));
        if (after === undefined) return;
        expect(rawInstructions(after)).toEqual(rawInstructions(before).toSpliced(index, 1));
        const removed = before.pieces.find(({ instruction }) => instruction === index)?.text ?? '';
        expect(print(after).length).toBe(text.length - removed.length);
      }),
      { numRuns: 500 },
    );
  });

  it('that inserts leaves all instructions there are, and the text around', () => {
    fc.assert(
      fc.property(file, fc.nat(), added, fc.boolean(), (text, choice, insertion, below) => {
        const before = parse(text);
        const index = choice % before.instructions.length;
        const insert = below ? insertAfter : insertBefore;
        const after = attempt(() => insert(before, index, insertion));
        if (after === undefined) return;
        const raw = rawInstructions(after);
        const more = raw.length - before.instructions.length;
        const at = below ? index + 1 : index;
        expect(raw.toSpliced(at, more)).toEqual(rawInstructions(before));
        const place = print(after).indexOf(insertion.replaceAll('\n', text.includes('\r\n') ? '\r\n' : '\n'));
        expect(place).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('of a default gives exactly the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '# escape=`\n'), (value, head) => {
        const before = parse(`${head}ARG a b=c\nFROM x`);
        const after = attempt(() => setArgDefault(before, { name: 'a', value }));
        if (after === undefined) return expect(value).toMatch(/[\r\n]/);
        const [arg] = after.instructions;
        if (arg?.kind !== 'ARG') throw new Error('no ARG');
        expect(expandWord(arg.args[0]?.value?.text ?? '', () => undefined, after.directives)).toBe(value);
        expect(arg.args[1]?.value?.text).toBe('c');
      }),
    );
  });
});
