import { describe, expect, it, test } from 'vitest';
import type { Diagnostic } from '../../src/core/errors.ts';
import type { RunStep } from '../../src/plan/step.ts';
import { DEFAULT_PATH, type EvaluateTextOptions, evaluateText } from '../support/plan.ts';

const HEAD = 'FROM scratch\n';

/** The environment of the last RUN, without PATH. */
function runEnv(text: string, options: EvaluateTextOptions = {}): readonly string[] {
  const run = evaluateText(text, options).steps.findLast((step): step is RunStep => step.kind === 'run');
  return run?.env.filter((entry) => !entry.startsWith('PATH=')) ?? [];
}

function configEnv(text: string, options: EvaluateTextOptions = {}): readonly string[] {
  return evaluateText(text, options).config.config?.Env ?? [];
}

describe('ARG and ENV (reference, section 7)', () => {
  test.each<[string, string, EvaluateTextOptions, string[]]>([
    ['a default', 'ARG a=1\nRUN x', {}, ['a=1']],
    ['a build argument over the default', 'ARG a=1\nRUN x', { buildArgs: { a: '2' } }, ['a=2']],
    ['nothing when valueless and not given', 'ARG a\nRUN x', {}, []],
    ['an empty value', 'ARG a=\nRUN x', {}, ['a=']],
    ['nothing above its line', 'RUN x\nARG a=1', {}, []],
    ['no build argument that is not declared', 'RUN x', { buildArgs: { a: '2' } }, []],
    ['its default expanded with ENV and ARG so far', 'ENV e=1\nARG a=$e b=$a\nRUN x', {}, ['e=1', 'a=1', 'b=1']],
    ['the later of ENV and ARG: ARG', 'ENV a=1\nARG a=2\nRUN x', {}, ['a=2']],
    ['the later of ENV and ARG: ENV', 'ARG a=2\nENV a=1\nRUN x', {}, ['a=1']],
    ['ENV when a later ARG has no value', 'ENV a=1\nARG a\nRUN x', {}, ['a=1']],
    ['the earlier value when declared again', 'ARG a=1\nARG a\nRUN x', {}, ['a=1']],
    ['the state before the line in ENV', 'ENV a=1\nENV a=2 b=$a\nRUN x', {}, ['a=2', 'b=1']],
    ['ENV a build argument does not override', 'ENV a=1\nRUN x', { buildArgs: { a: '2' } }, ['a=1']],
    ['expanded names', `ARG n=v\nENV $n=1\nARG \${n}2=3\nRUN x`, {}, ['v=1', 'n=v', 'v2=3']],
    ['automatic arguments only when declared', 'ARG TARGETARCH\nRUN x', {}, ['TARGETARCH=amd64']],
    ['no scan arguments', 'ARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x', {}, []],
    ['the epoch when declared', 'ARG SOURCE_DATE_EPOCH\nRUN x', { sourceDateEpoch: '5' }, ['SOURCE_DATE_EPOCH=5']],
    [
      'the epoch of the build arguments first',
      'ARG SOURCE_DATE_EPOCH=1\nRUN x',
      { sourceDateEpoch: '5', buildArgs: { SOURCE_DATE_EPOCH: '6' } },
      ['SOURCE_DATE_EPOCH=6'],
    ],
  ])('RUN sees %s', (_, text, options, expected) => {
    expect(runEnv(HEAD + text, options)).toEqual(expected);
  });

  test.each<[string, string, EvaluateTextOptions, string[]]>([
    ['a global ARG only once it is declared', 'ARG a=1\nFROM scratch\nRUN x', {}, []],
    ['a global value', 'ARG a=1\nFROM scratch\nARG a\nRUN x', {}, ['a=1']],
    ['the default of the stage first', 'ARG a=1\nFROM scratch\nARG a=2\nRUN x', {}, ['a=2']],
    ['ARGs of the base stage', 'FROM scratch AS b\nARG a=1\nFROM b\nRUN x', {}, ['a=1']],
    ['ENV of the base stage', 'FROM scratch AS b\nENV a=1\nFROM b\nRUN x', {}, ['a=1']],
    ['the shadowing ARG of the base stage', 'FROM scratch AS b\nENV a=1\nARG a=2\nFROM b\nRUN x', {}, ['a=2']],
    ['nothing of a stage it copies from', 'FROM scratch AS b\nARG a=1\nFROM scratch\nCOPY --from=b / /\nRUN x', {}, []],
  ])('RUN sees %s', (_, text, options, expected) => {
    expect(runEnv(text, options)).toEqual(expected);
  });

  it('ARG never reaches the config, and ENV keeps its position', () => {
    expect(configEnv(`${HEAD}ENV a=1 b=2\nARG a=3 c=4\nENV a=5`)).toEqual([DEFAULT_PATH, 'a=5', 'b=2']);
    expect(configEnv(`${HEAD}ENV a=1\nARG a=2`)).toEqual([DEFAULT_PATH, 'a=1']);
  });

  it('an unset ARG stays unset for a default, an empty one does not', () => {
    expect(configEnv(`${HEAD}ARG x\nARG y=\nENV a=\${x-d} b=\${y-d} c=\${y:-d}`)).toContain('a=d');
    expect(configEnv(`${HEAD}ARG x\nARG y=\nENV a=\${x-d} b=\${y-d} c=\${y:-d}`)).toContain('b=');
    expect(configEnv(`${HEAD}ARG x\nARG y=\nENV a=\${x-d} b=\${y-d} c=\${y:-d}`)).toContain('c=d');
  });

  it('ENV of a base without "=" and twice the same name does no harm', () => {
    const images = { b: { config: { Env: ['odd', 'a=1', 'a=2'] } } };
    expect(configEnv('FROM b\nENV x=$a', { images })).toEqual(['odd', 'a=1', 'a=2', DEFAULT_PATH, 'x=2']);
    expect(configEnv('FROM b\nENV a=3', { images })).toEqual(['odd', 'a=3', DEFAULT_PATH]);
  });

  test.each(['ENV $x=1', 'LABEL $x=1', 'ARG $x=1'])('%s is refused when its name expands to nothing', (line) => {
    expect(() => evaluateText(HEAD + line)).toThrow(expect.objectContaining({ code: 'PLAN_BLANK_NAME' }));
  });

  it('a variable that must be set fails with its place', () => {
    expect(() => evaluateText(`${HEAD}USER \${x:?give x}`)).toThrow(
      expect.objectContaining({
        code: 'PLAN_REQUIRED_VARIABLE',
        span: expect.objectContaining({ start: expect.objectContaining({ line: 2, column: 6 }) }),
        source: expect.objectContaining({ text: expect.stringContaining('FROM scratch') }),
      }),
    );
  });
});

describe('variables that no one declared', () => {
  it('are a warning with the nearest name', () => {
    const warnings: Diagnostic[] = [];
    evaluateText(`${HEAD}ARG version\nENV a=$versoin b=$version c=\${d:-e}\nUSER $zzz`, { warnings });
    expect(warnings.map(({ code, message, hint, span }) => [code, message, hint, span.start.line])).toEqual([
      ['UndefinedVar', 'variable $versoin is not set', 'did you mean $version?', 3],
      ['UndefinedVar', 'variable $zzz is not set', 'declare it with ARG zzz or set it with ENV', 4],
    ]);
  });
});

describe('proxies (reference, section 7)', () => {
  const buildArgs = { https_proxy: 'http://p', No_Proxy: 'localhost' };
  const proxyEnv = (text: string) =>
    evaluateText(HEAD + text, { buildArgs }).steps.flatMap((step) => (step.kind === 'run' ? step.proxyEnv : []));

  it('are seen by RUN in both cases, and not part of its environment', () => {
    expect(proxyEnv('RUN x')).toEqual([
      'HTTPS_PROXY=http://p',
      'https_proxy=http://p',
      'NO_PROXY=localhost',
      'no_proxy=localhost',
    ]);
    expect(runEnv(`${HEAD}RUN x`, { buildArgs })).toEqual([]);
  });

  it('are a normal ARG too when they are declared', () => {
    expect(runEnv(`${HEAD}ARG https_proxy\nRUN x`, { buildArgs })).toEqual(['https_proxy=http://p']);
    expect(proxyEnv('ARG https_proxy\nRUN x')).not.toContain('https_proxy=http://p');
  });

  it('do not override an ENV', () => {
    expect(proxyEnv('ENV HTTPS_PROXY=mine\nRUN x')).not.toContain('HTTPS_PROXY=http://p');
  });
});

describe('what keeps RUN reproducible (design 5, "Times"; ADR 0009)', () => {
  const constant = 'SOURCE_DATE_EPOCH=318211200';
  const noCache = 'NODE_DISABLE_COMPILE_CACHE=1';

  test.each<[string, string, EvaluateTextOptions, string[]]>([
    ['the constant', 'RUN x', {}, [constant, noCache]],
    ['the constant when an ARG is declared but unset', 'ARG SOURCE_DATE_EPOCH\nRUN x', {}, [constant, noCache]],
    ['the ARG', 'ARG SOURCE_DATE_EPOCH=7\nRUN x', {}, ['SOURCE_DATE_EPOCH=7', noCache]],
    ['the ENV', 'ENV SOURCE_DATE_EPOCH=8\nRUN x', {}, ['SOURCE_DATE_EPOCH=8', noCache]],
    [
      'what the stage says of the compile cache',
      'ENV NODE_DISABLE_COMPILE_CACHE=\nRUN x',
      {},
      ['NODE_DISABLE_COMPILE_CACHE=', constant],
    ],
    ['nothing with times preserved', 'RUN x', { timestamps: 'preserve' }, []],
  ])('is %s', (_, text, options, expected) => {
    expect(runEnv(HEAD + text, { timestamps: 'fixed', ...options })).toEqual(expected);
  });

  it('is in neither the config nor the history', () => {
    const { config, steps } = evaluateText(`${HEAD}RUN x`, { timestamps: 'fixed' });
    expect(config.config?.Env).toEqual([DEFAULT_PATH]);
    expect(steps[0]?.createdBy).toBe('RUN /bin/sh -c x # buildkit');
  });
});
