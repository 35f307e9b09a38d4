import { describe, expect, it, test } from 'vitest';
import type { Diagnostic } from '../../src/core/errors.ts';
import { formatGraph } from '../../src/plan/format-graph.ts';
import { planText } from '../support/plan.ts';

/** The bases of the stages, short. */
function bases(text: string, options: Parameters<typeof planText>[1] = {}): string[] {
  return planText(text, options).stages.map(({ base }) => {
    if (base.kind === 'stage') return `#${base.index}`;
    if (base.kind === 'context') return `context ${base.name}`;
    return base.kind === 'image' ? base.reference : 'scratch';
  });
}

function failure(text: string, options: Parameters<typeof planText>[1] = {}) {
  try {
    planText(text, options);
  } catch (error) {
    return error as { code: string; message: string; hint: string; span?: { start: { line: number; column: number } } };
  }
  throw new Error('the plan did not fail');
}

describe('bases (reference, section 8)', () => {
  test.each([
    ['an image', 'FROM busybox:1', ['busybox:1']],
    ['scratch', 'FROM scratch', ['scratch']],
    ['an earlier stage', 'FROM a AS x\nFROM x', ['a', '#0']],
    ['an image that only a later stage is named like', 'FROM x\nFROM a AS x', ['x', 'a']],
    ['an image that its own stage is named like', 'FROM x AS x', ['x']],
    ['the latest of two stages with one name', 'FROM a AS x\nFROM b AS x\nFROM x', ['a', 'b', '#1']],
    ['the earlier one inside the second', 'FROM a AS x\nFROM x AS x\nFROM x', ['a', '#0', '#1']],
    ['a stage that is named in upper case', 'FROM a AS Foo\nFROM foo', ['a', '#0']],
    ['a number, which is an image', 'FROM a AS x\nFROM 0', ['a', '0']],
    ['a stage that shadows scratch', 'FROM a AS scratch\nFROM scratch', ['a', '#0']],
    ['a global ARG', `ARG V=1\nARG I=a:$V\nFROM \${I}`, ['a:1']],
    ['an expansion with a default', `FROM \${X:-a}`, ['a']],
  ])('FROM finds %s', (_, text, expected) => {
    expect(bases(text)).toEqual(expected);
  });

  it('takes a build context instead of an image, but not instead of a stage or scratch', () => {
    const lookupContext = (name: string) => (['a', 'x', 'scratch'].includes(name) ? 'outside' : undefined);
    expect(bases('FROM a\nFROM scratch\nFROM b', { lookupContext })).toEqual(['context a', 'scratch', 'b']);
    expect(bases('FROM b AS y\nFROM y', { lookupContext: (name) => (name === 'y' ? 'outside' : undefined) })).toEqual([
      'context y',
      '#0',
    ]);
  });

  it('replaces a whole stage by the build context of its name', () => {
    const { stages } = planText('FROM b AS X\nRUN a\nCOPY --from=c / /\nFROM x', {
      lookupContext: (name) => (name === 'x' ? 'outside' : undefined),
    });
    expect(stages[0]).toMatchObject({ base: { kind: 'context', name: 'x' }, instructions: [], dependencies: [] });
  });

  it('refuses a blank base and points at it', () => {
    expect(failure(`FROM \${X}`)).toMatchObject({
      code: 'PLAN_BLANK_IMAGE',
      span: { start: { line: 1, column: 6 } },
    });
  });

  it('refuses an image name that is a stage in the wrong case and says so', () => {
    const error = failure('FROM a AS Foo\nFROM Foo');
    expect(error).toMatchObject({ code: 'PLAN_BAD_REFERENCE', span: { start: { line: 2, column: 6 } } });
    expect(error.hint).toContain('write foo');
  });

  it('refuses an invalid image name only in a stage that is needed', () => {
    expect(failure('FROM a::b')).toMatchObject({ code: 'PLAN_BAD_REFERENCE', span: { start: { line: 1, column: 6 } } });
    expect(bases('FROM a::b\nFROM c')).toEqual(['a::b', 'c']);
  });

  it('expands --platform with global ARGs', () => {
    const { stages } = planText('FROM --platform=$BUILDPLATFORM a\nFROM b', {
      buildPlatform: { os: 'linux', architecture: 'arm64' },
    });
    expect(stages.map(({ platform }) => platform)).toEqual([{ os: 'linux', architecture: 'arm64' }, undefined]);
  });

  it('gives a stage the platform of its base stage, and scratch the target platform', () => {
    const text = 'FROM --platform=arm64 a AS x\nFROM x\nFROM --platform=386 x\nFROM --platform=arm64 scratch';
    const platforms = planText(text).stages.map(({ platform }) => platform?.architecture);
    expect(platforms).toEqual(['arm64', 'arm64', 'arm64', undefined]);
  });

  test.each(['$NONE', 'a/b/c/d', 'linux/*'])('refuses --platform=%s', (platform) => {
    expect(failure(`FROM --platform=${platform} a`)).toMatchObject({ code: 'PLAN_BAD_PLATFORM' });
  });

  it('refuses a file without a stage, and one with errors', () => {
    expect(failure('ARG a=1').code).toBe('PARSE_NO_STAGES');
    expect(failure('FROM a\nNOSUCH x').code).toMatch(/^PARSE_/);
  });
});

describe('global ARGs (reference, section 7)', () => {
  const options = {
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
    buildPlatform: { os: 'linux', architecture: 'amd64' },
  };

  it('hold the automatic platform arguments', () => {
    expect(Object.fromEntries(planText('FROM a AS x', options).globalArgs)).toEqual({
      BUILDPLATFORM: 'linux/amd64',
      BUILDOS: 'linux',
      BUILDOSVERSION: '',
      BUILDARCH: 'amd64',
      BUILDVARIANT: '',
      TARGETPLATFORM: 'linux/arm/v7',
      TARGETOS: 'linux',
      TARGETOSVERSION: '',
      TARGETARCH: 'arm',
      TARGETVARIANT: 'v7',
      TARGETSTAGE: 'x',
    });
  });

  test.each([
    ['a default', 'ARG a=1', {}, '1'],
    ['a build argument over a default', 'ARG a=1', { a: '2' }, '2'],
    ['an empty build argument', 'ARG a=1', { a: '' }, ''],
    ['nothing', 'ARG a', {}, undefined],
    ['an earlier argument of the same line', 'ARG b=1 a=$b', {}, '1'],
    ['the value so far when declared again', 'ARG a=1\nARG a', {}, '1'],
    ['no property of the prototype', 'ARG a=$constructor', {}, ''],
  ])('an ARG takes %s', (_, declaration, buildArgs, expected) => {
    const { globalArgs } = planText(`${declaration}\nFROM x`, { buildArgs });
    expect(globalArgs.get('a')).toBe(expected);
    expect(globalArgs.has('a')).toBe(true);
  });

  it('do not take a build argument that is not declared', () => {
    expect(planText('FROM a', { buildArgs: { x: '1' } }).globalArgs.has('x')).toBe(false);
  });

  it('let a build argument override an automatic one, and a default too', () => {
    expect(planText('FROM a', { buildArgs: { TARGETARCH: 'z' } }).globalArgs.get('TARGETARCH')).toBe('z');
    expect(planText('ARG TARGETARCH=q\nFROM a').globalArgs.get('TARGETARCH')).toBe('q');
    expect(planText('ARG TARGETARCH\nFROM a').globalArgs.get('TARGETARCH')).toBe('amd64');
  });

  it('name the target stage as asked for', () => {
    expect(planText('FROM a AS x\nFROM b', { target: 'X' }).globalArgs.get('TARGETSTAGE')).toBe('X');
    expect(planText('FROM a AS x\nFROM b').globalArgs.get('TARGETSTAGE')).toBe('default');
  });

  it('warn about a variable of FROM that no one declared, unless it has a default', () => {
    const warnings: Diagnostic[] = [];
    const onWarning = (warning: Diagnostic) => warnings.push(warning);
    planText(`ARG known\nFROM a$known$nosuch\${other:-}`, { onWarning });
    expect(warnings).toMatchObject([{ code: 'UndefinedArgInFrom', span: { start: { line: 2, column: 6 } } }]);
    expect(warnings[0]?.message).toContain('$nosuch');
  });
});

describe('copying from other stages (reference, section 8)', () => {
  const dependencies = (text: string) => planText(text).stages.map((stage) => stage.dependencies);

  test.each([
    ['by name, in any case', 'FROM a AS x\nFROM b\nCOPY --from=X /a /b', [[], [0]]],
    ['by number', 'FROM a\nFROM b\nCOPY --from=0 /a /b', [[], [0]]],
    ['in a mount, by name', 'FROM a AS x\nFROM b\nRUN --mount=from=x,target=/m true', [[], [0]]],
    ['in a mount a number is no stage', 'FROM a\nFROM b\nRUN --mount=from=0,target=/m true', [[], []]],
    ['an image', 'FROM a AS x\nFROM b\nCOPY --from=c /a /b', [[], []]],
    ['the base and others, sorted', 'FROM a AS x\nFROM a AS y\nFROM y\nCOPY --from=x / /', [[], [], [0, 1]]],
    ['the latest of one name', 'FROM a AS x\nFROM b AS x\nFROM c\nCOPY --from=x / /', [[], [], [1]]],
    ['an earlier one of the own name', 'FROM a AS x\nFROM b AS x\nCOPY --from=x / /', [[], [0]]],
    ['not in ONBUILD itself', 'FROM a AS x\nFROM b\nONBUILD COPY --from=x / /', [[], []]],
    ['in a trigger of the base stage', 'FROM a AS x\nFROM b AS y\nONBUILD COPY --from=x / /\nFROM y', [[], [], [0, 1]]],
  ])('%s', (_, text, expected) => {
    expect(dependencies(text)).toEqual(expected);
  });

  test.each([
    ['a number out of range', 'FROM a\nCOPY --from=7 / /', 'PLAN_UNKNOWN_STAGE'],
    ['a negative number', 'FROM a\nCOPY --from=-1 / /', 'PLAN_UNKNOWN_STAGE'],
    ['its own number', 'FROM a\nCOPY --from=0 / /', 'PLAN_CYCLE'],
    ['its own name', 'FROM a AS x\nCOPY --from=x / /', 'PLAN_CYCLE'],
    ['its own name in a mount', 'FROM a AS x\nRUN --mount=from=x,target=/m true', 'PLAN_CYCLE'],
    ['a later stage', 'FROM a\nCOPY --from=x / /\nFROM b AS x', 'PLAN_COPY_FROM_LATER_STAGE'],
    ['a later number', 'FROM a\nCOPY --from=1 / /\nFROM b', 'PLAN_COPY_FROM_LATER_STAGE'],
    ['an image with a bad name', 'FROM a\nCOPY --from=a::b / /', 'PLAN_BAD_REFERENCE'],
  ])('refuses %s', (_, text, code) => {
    expect(failure(text)).toMatchObject({ code, span: { start: { line: 2 } } });
  });
});

describe('the target (reference, section 8)', () => {
  const text = 'FROM a AS one\nFROM b AS two\nFROM one AS three\nCOPY --from=two / /\nFROM c AS Four';

  test.each([
    [undefined, 3, [3]],
    ['THREE', 2, [0, 1, 2]],
    ['four', 3, [3]],
    ['one', 0, [0]],
  ])('%s needs only what it reaches', (target, index, reachable) => {
    expect(planText(text, target === undefined ? {} : { target })).toMatchObject({ target: index, reachable });
  });

  it('refuses a name that no stage has, with the nearest', () => {
    const error = failure(text, { target: 'thre' });
    expect(error).toMatchObject({ code: 'PLAN_UNKNOWN_STAGE', message: 'target stage "thre" could not be found' });
    expect(error.hint).toBe('did you mean "three"? stages are one, two, three, four');
    expect(failure('FROM a', { target: '0' }).hint).toContain('no stage of this Dockerfile has a name');
  });
});

it('formatGraph prints a line for each stage', () => {
  const text = 'FROM node:22 AS deps\nRUN a\nFROM deps AS docs\nFROM --platform=arm64 a\nCOPY --from=deps / /';
  expect(formatGraph(planText(text))).toBe(
    [
      '0 deps: image node:22, 1 instruction',
      '1 docs: stage 0 "deps", 0 instructions, not needed',
      '2 (target): image a, linux/arm64, 1 instruction, needs 0',
      '',
    ].join('\n'),
  );
});

describe('contexts that are stages (reference, section 18)', () => {
  const lookupContext = (name: string) => ({ x: { stage: 'A' }, b: { stage: 'a' }, late: { stage: 'z' } })[name];

  test.each([
    ['a base', 'FROM i AS a\nFROM x', ['i', '#0']],
    ['a stage, whose instructions do not count', 'FROM i AS a\nFROM j AS b\nRUN x\nFROM b', ['i', '#0', '#1']],
  ])('stand in for %s', (_, text, expected) => {
    expect(bases(text, { lookupContext })).toEqual(expected);
  });

  it('are needed by the stage that copies from them', () => {
    const { stages } = planText('FROM i AS a\nFROM scratch\nCOPY --from=x / /', { lookupContext });
    expect(stages[1]?.dependencies).toEqual([0]);
  });

  it('are refused where the stage is not above', () => {
    const refused = failure('FROM i AS a\nFROM late\nFROM i AS z', { lookupContext });
    expect(refused).toMatchObject({ code: 'PLAN_UNKNOWN_STAGE', span: { start: { line: 2 } } });
  });
});

describe('frontends (reference, section 2)', () => {
  test.each([
    'docker/dockerfile:1',
    'docker/dockerfile-upstream:master-labs',
    'mirror.example.com/docker/dockerfile:1.7',
    'localhost:5000/docker/dockerfile@sha256:0123 and a comment',
  ])('%s is the language that is built', (reference) => {
    expect(bases(`# syntax=${reference}\nFROM a`)).toEqual(['a']);
  });

  test.each([
    ['# syntax=acme/mockerfile:2 extra\nFROM a', 'acme/mockerfile:2', { line: 1, column: 10 }],
    ['#!/usr/bin/env x\n# syntax = acme/x\nFROM a', 'acme/x', { line: 2, column: 12 }],
    ['// syntax=acme/x\n(not a Dockerfile)', 'acme/x', { line: 1, column: 11 }],
    ['{"syntax": "acme/x"}', 'acme/x', { line: 1, column: 1 }],
    ['# syntax=acme/docker/dockerfile\nFROM a', 'acme/docker/dockerfile', { line: 1, column: 10 }],
  ])('%j is refused before any mistake in it', (text, reference, start) => {
    expect(failure(text)).toMatchObject({
      code: 'PLAN_FOREIGN_FRONTEND',
      message: expect.stringContaining(JSON.stringify(reference)),
      hint: expect.stringContaining('--ignore-syntax'),
      span: { start },
    });
  });

  it('are not looked at when the caller does not want it', () => {
    expect(bases('# syntax=acme/x\nFROM a', { ignoreSyntax: true })).toEqual(['a']);
  });

  it('are named by the build argument BUILDKIT_SYNTAX rather than by the file', () => {
    expect(bases('# syntax=acme/x\nFROM a', { buildArgs: { BUILDKIT_SYNTAX: 'docker/dockerfile:1' } })).toEqual(['a']);
    const refused = failure('FROM a', { buildArgs: { BUILDKIT_SYNTAX: 'acme/x' } });
    expect(refused).toMatchObject({ code: 'PLAN_FOREIGN_FRONTEND', span: undefined });
  });
});
