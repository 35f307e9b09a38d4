import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBuilderError } from '../../src/core/errors.ts';
import type { EvaluatedStage } from '../../src/plan/index.ts';
import { evaluateText } from '../support/plan.ts';

const value = fc.constantFrom(
  'a',
  '/x',
  '$v',
  '"$v b"',
  "'$v'",
  `\${v:-d}`,
  `\${v:?m}`,
  `\${v`,
  '\\$v',
  '..',
  '',
  '<<E',
  '=',
);
const flag = fc.constantFrom(
  '--from=s',
  '--from=0',
  '--chown=$v',
  '--chmod=$v',
  '--link',
  '--mount=type=cache,target=$v',
  '--mount=from=s,target=/m,mode=$v',
  '--mount=type=secret,id=$v',
  '--network=host',
  '--interval=5s',
  '--platform=$v',
);
const keyword = fc.constantFrom(
  ...'FROM RUN COPY ADD ENV ARG LABEL USER WORKDIR VOLUME EXPOSE STOPSIGNAL CMD ENTRYPOINT SHELL HEALTHCHECK'.split(
    ' ',
  ),
  'ONBUILD RUN',
  'ONBUILD COPY',
  'HEALTHCHECK CMD',
  'ENV v=',
  'ARG v=',
  'MAINTAINER',
);
const line = fc
  .tuple(
    keyword,
    fc.array(flag, { maxLength: 2 }),
    fc.array(fc.oneof(value, fc.string({ maxLength: 4 })), { maxLength: 4 }),
  )
  .map(([word, flags, values]) => [word, ...flags, ...values].join(' '));
const dockerfile = fc.array(line, { maxLength: 8 }).map((lines) => ['FROM scratch AS s', ...lines, 'E', ''].join('\n'));
const triggers = fc.array(fc.oneof(line, fc.string()), { maxLength: 3 });

/** Evaluates, and gives nothing when that fails in one of our ways; anything else is thrown on. */
function evaluated(text: string, OnBuild: readonly string[]): EvaluatedStage | undefined {
  try {
    const image = { config: { OnBuild } };
    return evaluateText(text, { images: { a: image, '': image }, buildArgs: { v: 'w' } });
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    expect(error.hint).toEqual(expect.any(String));
    if (error.span !== undefined) expect(error.source).toBeDefined();
    return undefined;
  }
}

describe('evaluation of any Dockerfile', () => {
  it('throws nothing but our own errors, each with a hint, and its span has a text', () => {
    fc.assert(
      fc.property(dockerfile, triggers, (text, onBuild) => void evaluated(text, onBuild)),
      { numRuns: 500 },
    );
  });

  it('is a function of its input, and gives a history text for every step', () => {
    fc.assert(
      fc.property(dockerfile, (text) => {
        const first = evaluated(text, []);
        expect(evaluated(text, [])).toEqual(first);
        for (const step of first?.steps ?? []) expect(step.createdBy).toMatch(/^[A-Z]+ /);
      }),
    );
  });

  it('keeps every variable of the environment once, with a PATH', () => {
    const names = fc.array(fc.tuple(fc.constantFrom('ENV', 'ARG'), fc.constantFrom('a', 'b', 'PATH'), fc.nat(9)));
    fc.assert(
      fc.property(names, (pairs) => {
        const lines = pairs.map(([word, name, number]) => `${word} ${name}=${number}`);
        const step = evaluated(['FROM scratch', ...lines, 'RUN x'].join('\n'), [])?.steps.at(-1);
        const expected = new Map([
          ['PATH', expect.any(String)],
          ...pairs.map(([, name, number]) => [name, `${number}`] as const),
        ]);
        const env = step?.kind === 'run' ? step.env.map((entry) => entry.split('=')) : [];
        expect(new Map(env as [string, string][])).toEqual(expected);
        expect(env).toHaveLength(expected.size);
      }),
    );
  });
});
