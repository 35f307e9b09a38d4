import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBuilderError } from '../../src/core/errors.ts';
import type { SourceSpan } from '../../src/core/span.ts';
import {
  type Dockerfile,
  parse,
  parseInstruction,
  parseMount,
  print,
  toDump,
  toParseJson,
} from '../../src/parser/index.ts';
import { goldenCases } from '../support/golden.ts';

const GOLDEN = join(import.meta.dirname, '../golden/parser');

const texts = goldenCases('parser')
  .map((name) => readFileSync(join(GOLDEN, name, 'Dockerfile'), 'utf8'))
  .filter((text) => text.length < 4000);

const fragment = fc.constantFrom(
  ...[
    'FROM x',
    'RUN',
    'run ',
    'COPY ',
    'ADD',
    'ENV a=b',
    'LABEL',
    'ARG',
    'CMD ',
    'SHELL ',
    'EXPOSE',
    'VOLUME ',
    'USER',
  ],
  ...['WORKDIR', 'STOPSIGNAL', 'HEALTHCHECK ', 'CMD', 'NONE', 'ONBUILD ', 'MAINTAINER', '\\', '\\\n', '`', '`\n', '\n'],
  ...['\r\n', ' ', '\t', '#', '# c\n', '# escape=`\n', '<<', '<<A', '<<-A', '\nA\n', '"', "'", '[', ']', '["a"]', ','],
  ...['--', ' --a=b', '--from=', '=', '$', '${', '\ufeff', '\u00a0', '\u2028', 'é', '😀', '\ud800', '\0', 'x', '/'],
);

const random = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(''));

const mutated = fc
  .tuple(fc.constantFrom(...texts), fc.array(fc.tuple(fc.nat(), fc.nat(6), fragment), { maxLength: 5 }))
  .map(([text, edits]) =>
    edits.reduce((current, [at, removed, added]) => {
      const offset = at % (current.length + 1);
      return current.slice(0, offset) + added + current.slice(offset + removed);
    }, text),
  );

const anyText = fc.oneof(random, mutated, fc.string({ unit: 'binary' }));

function isInside(inner: SourceSpan, outer: SourceSpan): boolean {
  return outer.start.offset <= inner.start.offset && inner.end.offset <= outer.end.offset;
}

/** Every span in a value, however deep. */
function spansIn(value: unknown): readonly SourceSpan[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'span' in value ? [value.span as SourceSpan] : [];
  return [...own, ...Object.values(value).flatMap(spansIn)];
}

function checkSpans({ source, instructions, diagnostics }: Dockerfile): void {
  const lines = source.text.split('\n');
  for (const { start, end } of [...spansIn(instructions), ...spansIn(diagnostics)]) {
    expect(start.offset).toBeLessThanOrEqual(end.offset);
    for (const { offset, line, column } of [start, end]) {
      const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
      expect(before + column - 1).toBe(offset);
      expect(column - 1).toBeLessThanOrEqual(lines[line - 1]?.length ?? -1);
    }
  }
  for (const instruction of instructions) {
    for (const span of spansIn(instruction)) expect(isInside(span, instruction.span)).toBe(true);
  }
}

describe('any text', () => {
  test('is printed as it was parsed, every piece that is no instruction explained', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const dockerfile = parse(text);
        expect(print(dockerfile)).toBe(text);
        const parsed = dockerfile.pieces.flatMap(({ instruction }) => instruction ?? []);
        expect(parsed).toEqual(dockerfile.instructions.keys().toArray());
        const failed = dockerfile.pieces.filter(({ kind }) => kind === 'instruction').length - parsed.length;
        const errors = dockerfile.diagnostics.filter(({ severity }) => severity === 'error');
        expect(errors.length).toBeGreaterThanOrEqual(failed);
      }),
      { numRuns: 3000 },
    );
  });

  test('gives spans that lie in the text and in their instruction', () => {
    fc.assert(
      fc.property(anyText, (text) => checkSpans(parse(text))),
      { numRuns: 1500 },
    );
  });

  test('can be dumped and read as a trigger', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const dockerfile = parse(text);
        expect(toDump(dockerfile).split('\n')).toHaveLength(dockerfile.instructions.length + 1);
        expect(toParseJson(dockerfile).instructions).toHaveLength(dockerfile.instructions.length);
        const { instruction, diagnostics } = parseInstruction(text);
        expect(instruction !== undefined).toBe(diagnostics.every(({ severity }) => severity === 'warning'));
      }),
      { numRuns: 1000 },
    );
  });

  test('is a mount or is refused with one of our errors', () => {
    const part = fc.constantFrom(
      'type',
      '=',
      ',',
      '"',
      'bind',
      'cache',
      'secret',
      'target',
      '/',
      'ro',
      'size',
      '1',
      '$x',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        try {
          parseMount(parts.join(''));
        } catch (error) {
          expect(isBuilderError(error)).toBe(true);
        }
      }),
    );
  });
});

describe('a large Dockerfile', () => {
  test('of 5000 lines is read whole', () => {
    const step = 'RUN --mount=type=cache,target=/c a \\\n  && b\nCOPY --chown=1 a b/ c/\nENV A=b C="d e"\n# comment\n';
    const dockerfile = parse(`FROM x\n${step.repeat(1000)}`);
    expect(dockerfile.diagnostics).toEqual([]);
    expect(dockerfile.instructions).toHaveLength(3001);
    expect(dockerfile.instructions.at(-1)?.span.start.line).toBe(5000);
  });

  test.for([
    ['flags', `RUN ${'--mount=a '.repeat(20_000)}x`],
    ['words', `ENV ${'a=b '.repeat(20_000)}`],
    ['continuations', `RUN a${' \\\n b'.repeat(20_000)}`],
    ['blank continuations', `RUN a \\${'\n'.repeat(100_000)}b`],
    ['comments', `${'# c\n'.repeat(100_000)}FROM x`],
    ['directives', '# escape=`\n'.repeat(50_000)],
    ['heredocs', `COPY ${'<<A '.repeat(5000)}/d\n${'A\n'.repeat(5000)}`],
    ['unterminated heredocs', 'RUN <<A <<B <<C\n'.repeat(20_000)],
    ['triggers', 'ONBUILD '.repeat(20_000)],
    ['unknown instructions', 'a b\n'.repeat(20_000)],
    ['incomplete instructions', 'COPY\n'.repeat(20_000)],
    ['brackets', `CMD ${'['.repeat(50_000)}`],
    ['quotes', `ENV a=${'"\\'.repeat(50_000)}`],
    ['blanks', `RUN a${' '.repeat(60_000)}\\ x`],
  ] as const)('with very many %s is read in the end', ([, text]) => {
    expect(print(parse(text))).toBe(text);
  });
});
