import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBuilderError } from '../../src/core/errors.ts';
import type { EvaluatedStage } from '../../src/plan/evaluate-stage.ts';
import { evaluateText } from '../support/plan.ts';

const word = fc.oneof(
  fc.constantFrom(
    'a',
    '/x',
    '$v',
    '"$v b"',
    "'$v'",
    `\${v:-d}`,
    `\${u:?m}`,
    `\${v`,
    '\\$v',
    '..',
    '/',
    '1',
    '80/tcp',
    '*',
  ),
  fc.string({ minLength: 1, maxLength: 4 }).map((text) => text.replaceAll(/\s/g, '_')),
);
const name = fc.constantFrom('u', 'v', '$v', 'PATH', 'SOURCE_DATE_EPOCH', '__proto__');
const json = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => JSON.stringify(words));
const text = fc.array(word, { maxLength: 3 }).map((words) => words.join(' '));
const flag = (...flags: string[]) => fc.subarray(flags).map((chosen) => chosen.join(' '));
const mount = fc.oneof(
  word.map((value) => `--mount=type=cache,target=${value},id=$v`),
  word.map((value) => `--mount=from=${value},target=/m`),
  word.map((value) => `--mount=type=secret,id=s,mode=${value}`),
  fc.constant('--mount=type=ssh'),
);
const join = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.filter(Boolean).join(' '));
const copyFlags = flag('--chown=$v', '--chmod=$v', '--link', '--exclude=*');
const instruction = fc.oneof(
  join(fc.constant('RUN'), fc.oneof(mount, flag('--network=none', '--security=sandbox')), fc.oneof(json, text)),
  join(fc.constant('COPY'), flag('--from=s', '--parents'), copyFlags, word, word),
  join(fc.constant('ADD'), copyFlags, fc.oneof(word, fc.constant('https://x.test/a.git')), word),
  fc.tuple(fc.constantFrom('ENV', 'ARG', 'LABEL'), name, word).map(([kind, key, value]) => `${kind} ${key}=${value}`),
  join(fc.constant('ARG'), name),
  join(fc.constantFrom('USER', 'WORKDIR', 'STOPSIGNAL', 'MAINTAINER'), word),
  join(fc.constantFrom('VOLUME', 'CMD', 'ENTRYPOINT'), fc.oneof(json, text)),
  join(fc.constant('EXPOSE'), fc.constantFrom('80', '1:$v', '80-$v/UDP', '"$v b"')),
  join(fc.constant('SHELL'), json),
  join(fc.constant('HEALTHCHECK'), flag('--interval=5s', '--retries=2'), fc.constant('CMD'), text),
  join(fc.constant('FROM'), flag('--platform=$TARGETPLATFORM'), fc.constantFrom('s', 'a', 'scratch', '$v')),
);
const line = fc.oneof(
  { weight: 9, arbitrary: instruction },
  { weight: 1, arbitrary: instruction.map((it) => `ONBUILD ${it}`) },
);
const dockerfile = fc
  .array(line, { maxLength: 5 })
  .map((lines) => ['ARG v=w', 'FROM scratch AS s', ...lines].join('\n'));
const triggers = fc.array(fc.oneof(line, fc.string()), { maxLength: 3 });

/** Evaluates, and gives nothing when that fails in one of our ways; anything else is thrown on. */
function evaluated(file: string, OnBuild: readonly string[]): EvaluatedStage | undefined {
  try {
    const image = { config: { OnBuild } };
    return evaluateText(file, { images: { a: image, '': image }, buildArgs: { v: 'w' } });
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
      fc.property(dockerfile, triggers, (file, onBuild) => void evaluated(file, onBuild)),
      { numRuns: 500 },
    );
  });

  it('is a function of its input, and gives a history text for every step', () => {
    fc.assert(
      fc.property(dockerfile, (file) => {
        const first = evaluated(file, []);
        expect(evaluated(file, [])).toEqual(first);
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
