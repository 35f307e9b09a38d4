import { expect, test } from 'vitest';
import { BUILD_OPTIONS } from '../../src/cli/build-option-table.ts';
import { CliError } from '../../src/cli/cli-error.ts';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import type { SourceSpan } from '../../src/cli/library.ts';
import { createPaint } from '../../src/cli/paint.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { errorRecord, exitCodeOfError, renderError } from '../../src/cli/render-error.ts';
import {
  ContentError,
  ContextError,
  HostError,
  isBuilderError,
  LayerError,
  OptionError,
  ParseError,
  PlanError,
  RegistryError,
  StepError,
} from '../../src/core/errors.ts';

const text = `# syntax=docker/dockerfile:1
FROM node:24-slim AS build
WORKDIR /app
COPPY . .
RUN npm ci && \\
    npm run build
FROM node:24-slim
\tCOPY --from=biuld /app/dist /app
CMD ["node", "/app"]
`;
const source = { name: 'Dockerfile', text };

/** From a line and column up to, not including, another one. */
function span(line: number, column: number, endLine: number, endColumn: number): SourceSpan {
  return { start: { offset: 0, line, column }, end: { offset: 0, line: endLine, column: endColumn } };
}

const unknownInstruction = {
  severity: 'error',
  code: 'PARSE_UNKNOWN_INSTRUCTION',
  message: 'unknown instruction "COPPY"',
  hint: 'did you mean "COPY"?',
  span: span(4, 1, 4, 6),
} as const;

const noSpace = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
const refused = new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:5001')], '');

const CASES: Record<string, () => unknown> = {
  'parse-one': () => new ParseError([unknownInstruction], source),
  'parse-several': () =>
    new ParseError(
      [
        unknownInstruction,
        {
          severity: 'error',
          code: 'PARSE_UNKNOWN_FLAG',
          message: 'COPY has no flag "--form"',
          hint: 'did you mean "--from"?',
          span: span(8, 7, 8, 19),
        },
      ],
      source,
    ),
  'parse-empty': () =>
    new ParseError(
      [
        {
          severity: 'error',
          code: 'PARSE_EMPTY',
          message: 'the Dockerfile has no instructions',
          hint: 'it begins with FROM',
          span: span(1, 1, 1, 1),
        },
      ],
      { name: 'Dockerfile', text: '' },
    ),
  'plan-unknown-stage': () =>
    new PlanError('PLAN_UNKNOWN_STAGE', 'unknown stage "biuld"', {
      hint: 'did you mean "build"?',
      span: span(8, 7, 8, 19),
      source,
    }),
  'plan-unknown-target': () =>
    new PlanError('PLAN_UNKNOWN_TARGET', 'there is no stage "tset"', { hint: 'did you mean "test"?' }),
  'step-exit-code': () =>
    new StepError('STEP_EXIT_CODE', 'the command failed', {
      span: span(5, 1, 6, 18),
      source,
      exitCode: 254,
      output: ['\u001b[31mnpm error\u001b[39m code E404', '', 'npm error 404 Not Found'],
      hint: 'the layers before it are cached: the next build starts here',
    }),
  'step-no-sandbox': () =>
    new StepError('STEP_SANDBOX_UNAVAILABLE', 'no way to isolate RUN works here', {
      span: span(5, 1, 6, 18),
      source,
      hint: 'install uidmap for unshare, or crun',
      cause: new Error('unshare: no subordinate ids for user 1000'),
    }),
  'context-no-dockerfile': () =>
    new ContextError('CONTEXT_NO_DOCKERFILE', 'there is no Dockerfile in "app"', { hint: 'name it with -f' }),
  'context-missing-source': () =>
    new ContextError('CONTEXT_FILE_NOT_FOUND', '"dist" is not in the build context', {
      span: span(8, 2, 8, 34),
      source,
      hint: 'build it first, or look into .dockerignore',
    }),
  'registry-no-base': () =>
    new RegistryError('REGISTRY_NOT_FOUND', 'registry.example.com/nodee:24 does not exist', {
      hint: 'check the name, or log in when it is private',
      status: 404,
      span: span(2, 6, 2, 18),
      source,
    }),
  'registry-no-answer': () =>
    new RegistryError('REGISTRY_UNREACHABLE', 'registry 127.0.0.1:5001 does not answer', {
      hint: 'is it running, and is the port right?',
      cause: refused,
    }),
  'content-digest': () =>
    new ContentError('CONTENT_DIGEST_MISMATCH', 'a layer of debian:12 is not what its digest promises', {
      hint: 'pull it again',
      expected: 'sha256:aa',
      found: 'sha256:bb',
    }),
  'layer-escape': () =>
    new LayerError('LAYER_PATH_ESCAPE', 'entry "../../etc/passwd" leaves the root', {
      entry: '../../etc/passwd',
      hint: 'do not use this archive',
    }),
  'host-disk-full': () =>
    new HostError('HOST_DISK_FULL', 'no space left in /var/cache/lamella', {
      hint: 'free some, or choose another folder with --cache-dir',
      cause: new Error('cannot write a blob', { cause: noSpace }),
    }),
  'host-output': () =>
    new HostError('HOST_NO_PERMISSION', 'cannot write into /srv/images', {
      hint: 'give a folder that you may write to',
      cause: Object.assign(new Error("EACCES: permission denied, open '/srv/images/app.tar'"), { code: 'EACCES' }),
    }),
  'option-library': () =>
    new OptionError('OPTION_BAD_REFERENCE', 'invalid image reference "App": a repository is lower case', {
      hint: 'write it as [registry[:port]/]repository[:tag][@sha256:…]',
    }),
  'option-unknown-flag': () => thrownBy(() => parseArguments(['--taget', 'x'], BUILD_OPTIONS)),
  'option-refused': () => thrownBy(() => parseArguments(['--detach'], BUILD_OPTIONS)),
  unexpected: () => new TypeError("Cannot read properties of undefined (reading 'x')"),
};

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

const plain = { paint: createPaint({ isTTY: false }, {}), debug: false, isBuilderError };

test('a Dockerfile and names of files cannot steer the terminal', () => {
  const evil = '\u001b[2Jcls\u009b31m\u0007';
  const error = new PlanError('PLAN_BAD_PATTERN', `bad pattern ${evil}`, {
    hint: `not ${evil}`,
    span: span(1, 6, 1, 6 + evil.length),
    source: { name: 'Dockerfile', text: `COPY ${evil} /x\n` },
  });
  const rendered = renderError(error, plain);
  expect(rendered).toContain('cls');
  expect(rendered).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test.each(Object.entries(CASES))('%s reads as in its golden file', async (name, make) => {
  await expect(renderError(make(), plain)).toMatchFileSnapshot(`golden/errors/${name}.txt`);
});

test.each(Object.entries(CASES))('%s has no stack trace, and one with --debug', (_, make) => {
  expect(renderError(make(), plain)).not.toContain('    at ');
  expect(renderError(make(), { ...plain, debug: true })).toContain('    at ');
});

test('each family has an exit code of its own', () => {
  const families = ['step', 'option', 'parse', 'plan', 'context', 'registry', 'content', 'layer', 'host'] as const;
  expect(families.map(exitCodeOf)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(exitCodeOfError(new HostError('HOST_X', 'x'), { isBuilderError })).toBe(9);
  expect(exitCodeOfError(new CliError('context', 'CONTEXT_X', 'x'), {})).toBe(5);
  expect(exitCodeOfError(new Error('x'), { isBuilderError })).toBe(1);
});

test('an error of another copy of the library is recognised', () => {
  const foreign = Object.assign(new Error('foreign'), { family: 'plan', code: 'PLAN_X' });
  Object.defineProperty(foreign, Symbol.for('lamella.BuilderError'), { value: true });
  expect(exitCodeOfError(foreign, { isBuilderError })).toBe(4);
});

test('colours mark the place and the message on a terminal, unless NO_COLOR is set', () => {
  const error = CASES['plan-unknown-stage']?.();
  const coloured = renderError(error, { ...plain, paint: createPaint({ isTTY: true }, {}) });
  expect(coloured).toContain('\u001b[1mDockerfile:8:7\u001b[22m \u001b[31munknown stage "biuld"');
  expect(renderError(error, { ...plain, paint: createPaint({ isTTY: true }, { NO_COLOR: '1' }) })).not.toContain(
    '\u001b',
  );
});

test('as JSON an error has its family, code, place and hint', () => {
  expect(errorRecord(CASES['plan-unknown-stage']?.(), { isBuilderError })).toMatchObject({
    type: 'error',
    family: 'plan',
    code: 'PLAN_UNKNOWN_STAGE',
    message: 'unknown stage "biuld"',
    hint: 'did you mean "build"?',
    file: 'Dockerfile',
    span: { start: { line: 8, column: 7 } },
  });
});
