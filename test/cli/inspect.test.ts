import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import * as lamella from '../../src/index.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeHost } from './support/fake-host.ts';

const DOCKERFILE = `# version of the base
ARG version=3
FROM alpine:$version as build
COPY --chown=1 mian.c /src/
RUN --mount=type=secret,id=key make
`;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly dir: string;
}

async function run(argv: readonly string[], text = DOCKERFILE, stdin = ''): Promise<Outcome> {
  const dir = tempDir({ Dockerfile: text, 'main.c': '' });
  const host = fakeHost({ library: lamella, stdin });
  const code = await main([...argv, dir], host);
  return { code, dir, ...host.written };
}

describe('lamella check', () => {
  test('shows place, excerpt, code and hint of every finding, and a sum', async () => {
    const { code, stdout, stderr } = await run(['check']);
    expect(code).toBe(3);
    expect(stderr).toBe('');
    expect(stdout).toBe(`Dockerfile:3:22 warning: AS is written "as", in another case than FROM — write AS

  1 | # version of the base
  2 | ARG version=3
> 3 | FROM alpine:$version as build
    |                      ^^
  4 | COPY --chown=1 mian.c /src/

FromAsCasing

Dockerfile:4:16 COPY finds no "mian.c" in the build context — did you mean "main.c"?

  2 | ARG version=3
  3 | FROM alpine:$version as build
> 4 | COPY --chown=1 mian.c /src/
    |                ^^^^^^
  5 | RUN --mount=type=secret,id=key make

CopySourceNotFound

lint violation found for rules: CopySourceNotFound
Dockerfile: 1 error, 1 warning; --fix mends 1
`);
  });

  test.each<[string, readonly string[], string, number, string]>([
    ['nothing', [], 'FROM alpine\nCOPY main.c /\n', 0, 'Dockerfile: nothing found\n'],
    ['warnings', [], 'FROM alpine as b\n', 0, '1 warning; --fix mends 1\n'],
    ['warnings with --error', ['--error'], 'FROM alpine as b\n', 3, 'rules: FromAsCasing\n'],
    ['warnings with error=true', [], '# check=error=true\nFROM alpine as b\n', 3, '1 error; --fix mends 1\n'],
    ['mistakes', [], 'FROM alpine\nCOPPY a b\n', 3, 'PARSE_UNKNOWN_INSTRUCTION\n'],
    ['what does not fit together', [], 'FROM alpine\nCOPY --from=3 a b\n', 4, 'PLAN_UNKNOWN_STAGE\n'],
    ['an unknown target', ['--target', 'x'], 'FROM alpine\n', 4, ''],
    [
      'the build argument for checks',
      ['--build-arg', 'BUILDKIT_DOCKERFILE_CHECK=skip=all'],
      'FROM a as b\n',
      0,
      'nothing found',
    ],
  ])('of %s (%j) exits as it should', async (_, argv, text, code, said) => {
    const outcome = await run(['check', ...argv], text);
    expect(outcome.code).toBe(code);
    expect(outcome.stdout).toContain(said);
  });

  test('is printed as JSON and as SARIF', async () => {
    const json = await run(['check', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      file: 'Dockerfile',
      findings: [{ code: 'FromAsCasing' }, { code: 'CopySourceNotFound' }],
    });
    const sarif = await run(['check', '--format=sarif']);
    const [result] = JSON.parse(sarif.stdout).runs[0].results;
    expect(result.locations[0].physicalLocation.artifactLocation.uri).toMatch(/\/Dockerfile$/);
    expect([json.code, sarif.code]).toEqual([3, 3]);
  });

  test('mends the file with --fix, and says what is left', async () => {
    const { code, stdout, dir } = await run(['check', '--fix']);
    expect(readFileSync(join(dir, 'Dockerfile'), 'utf8')).toBe(DOCKERFILE.replace(' as ', ' AS '));
    expect(stdout).toMatch(/^fixed: AS is written "as".* \(FromAsCasing\)\n/);
    expect(stdout).not.toContain('warning:');
    expect(code).toBe(3);
  });

  test('reads standard input, which cannot be mended', async () => {
    expect((await run(['check', '-f', '-'], '', 'FROM alpine as b')).stdout).toContain('FromAsCasing');
    expect((await run(['check', '--fix', '-f', '-'], '', 'FROM alpine as b')).code).toBe(2);
  });

  test('is also done by build --check and --call check', async () => {
    const { stdout } = await run(['check']);
    expect((await run(['build', '--check'])).stdout).toBe(stdout);
    expect((await run(['build', '--call', 'check'])).stdout).toBe(stdout);
  });
});

describe('lamella outline and graph', () => {
  test('outline prints text or JSON, with build arguments', async () => {
    const { stdout, code } = await run(['outline', '--build-arg', 'version=4']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^platform linux\/\w+, target build\n {2}arguments of FROM:\n {4}version=3 \(now "4"\) - of the base\n/,
    );
    expect(stdout).toContain('image alpine:4\n  secrets:\n    key, /run/secrets/key\n');
    expect((await run(['build', '--call=outline', '--build-arg', 'version=4'])).stdout).toBe(stdout);
    expect(JSON.parse((await run(['outline', '--json'])).stdout).stages[0].secrets[0].id).toBe('key');
  });

  test('graph prints text, DOT or JSON', async () => {
    expect((await run(['graph'])).stdout).toBe('0 build (target): image alpine:3, 2 instructions\n');
    expect((await run(['graph', '--format', 'dot'])).stdout).toMatch(/^digraph build \{/);
    expect(JSON.parse((await run(['graph', '--format', 'json'])).stdout).target).toBe(0);
  });

  test('both fail as a build would', async () => {
    const bad = 'FROM alpine\nCOPPY a b\n';
    const outline = await run(['outline'], bad);
    expect([outline.code, outline.stdout, outline.stderr]).toEqual([3, '', expect.stringContaining('did you mean')]);
    expect((await run(['graph'], bad)).code).toBe(3);
  });
});
