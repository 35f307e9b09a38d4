import { constants } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkAftermath } from './aftermath.ts';
import { faultyBuild, MARKED, type RunningBuild, SAY_BEGUN } from './faulty-build.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';

interface BadCommand {
  readonly title: string;
  readonly script: string;
  /** Of RUN. */
  readonly flags?: string;
  /** Of the build that meets it. */
  readonly args?: readonly string[];
  /** What the build ends with. */
  readonly code: number;
  /** What is done when the command has said `begun`. */
  after?(running: RunningBuild): void;
}

const INTERRUPTED = 128 + constants.signals.SIGINT;

const interrupt = (running: RunningBuild): void => void running.process.kill('SIGINT');

const COMMANDS: readonly BadCommand[] = [
  {
    title: 'leaves daemons in sessions of their own',
    script: '(setsid sh -c "(sleep 300 &) ; sleep 300" &) ; (sleep 300 >/dev/null 2>&1 &) ; sleep 0.1',
    code: 0,
  },
  { title: 'closes its output', script: 'exec >&- 2>&-; sleep 0.2', code: 0 },
  { title: 'gives its output to a daemon', script: '(trap "" HUP TERM; sleep 300; echo late) & echo done', code: 0 },
  { title: 'fills its disk', flags: '--mount=type=tmpfs,target=/t,size=1m', script: 'cat /dev/zero >/t/f', code: 1 },
  { title: 'takes more memory than it may', script: 'ulimit -v 100000; tail /dev/zero', code: 1 },
  {
    title: 'ignores signals until it takes too long',
    script: `trap "" INT TERM HUP; ${SAY_BEGUN}; while :; do sleep 1; done`,
    args: ['--step-timeout', '1s'],
    code: 1,
  },
  {
    title: 'ignores signals',
    script: `trap "" INT TERM HUP QUIT; ${SAY_BEGUN}; while :; do sleep 1; done`,
    code: INTERRUPTED,
    after: interrupt,
  },
  {
    title: 'is stopped',
    script: `sh -c "${SAY_BEGUN}; kill -STOP \\$\\$"; sleep 300`,
    code: INTERRUPTED,
    after: interrupt,
  },
];

describe('a command that', () => {
  const harmless = { Dockerfile: dockerfile({ script: 'true' }) };
  let expected: string;

  beforeAll(async () => {
    using reference = faultyBuild(harmless);
    const { exitCode, stdout, stderr } = await reference.build();
    expect(exitCode, stderr).toBe(0);
    expected = stdout.trim();
  });

  test.each(COMMANDS)('$title ends the build with $code and leaves nothing behind', async (command) => {
    using build = faultyBuild({ Dockerfile: dockerfile(command) });
    const running = build.start(...(command.args ?? []));
    if (command.after !== undefined) {
      await running.says(' begun');
      command.after(running);
    }
    expect(await running.ended, running.output).toBe(command.code);
    build.project.write(harmless);
    await checkAftermath(build, expected);
  });
});

function dockerfile({ script, flags = '' }: Pick<BadCommand, 'script' | 'flags'>): string {
  return `FROM ${registry}/busybox:latest\nRUN ${MARKED} ${flags} ${script}\n`;
}
