import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProject } from '../support/project.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
const FROM = `FROM ${registry}/busybox:latest`;

async function build(lines: readonly string[], ...args: readonly string[]): Promise<CliResult> {
  using project = createProject({ Dockerfile: lines.join('\n') });
  const cache = join(project.out, 'cache');
  return await runCli(['build', '--progress', 'plain', '--cache-dir', cache, ...args, project.dir]);
}

describe('steps that run at the same time (issue 4)', () => {
  /** Fails when another one runs meanwhile. */
  const alone = 'RUN --mount=type=cache,target=/c mkdir /c/lock && sleep 0.3 && rmdir /c/lock # ';
  const names = ['a', 'b', 'c'];
  const last = [FROM, ...names.map((name) => `COPY --from=${name} /etc/passwd /${name}`)];

  test('are no more than --max-parallelism', async () => {
    const stages = names.flatMap((name) => [`${FROM} AS ${name}`, `${alone}${name}`]);
    const result = await build([...stages, ...last], '--max-parallelism', '1');
    expect(result.exitCode, result.stderr).toBe(0);
  });

  test('may wait for each other when there is room for them', async () => {
    const meet = (own: string, other: string) =>
      `RUN --mount=type=cache,target=/c touch /c/${own} && until test -e /c/${other}; do sleep 0.05; done`;
    const stages = [`${FROM} AS a`, meet('a', 'b'), `${FROM} AS b`, meet('b', 'a')];
    const result = await build(
      [...stages, FROM, 'COPY --from=a /etc/passwd /a', 'COPY --from=b /etc/passwd /b'],
      ...['--max-parallelism', '2'],
    );
    expect(result.exitCode, result.stderr).toBe(0);
  });

  test('end with the first failure, which is the one that is told', async () => {
    const stages = [`${FROM} AS a`, 'RUN sleep 1000', `${FROM} AS b`, 'RUN exit 7', `${FROM} AS c`, 'RUN sleep 1000'];
    const result = await build([...stages, ...last], '--max-parallelism', '3');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('exit code: 7');
    expect(result.stderr.match(/STEP_[A-Z_]+/g)).toEqual(['STEP_EXIT_CODE']);
  });

  test('are bounded by a whole number', async () => {
    const result = await build([FROM], '--max-parallelism', '0');
    expect([result.exitCode, result.stderr]).toEqual([2, expect.stringContaining('OPTION_BAD_VALUE')]);
  });
});
