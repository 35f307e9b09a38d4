import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { checkAftermath } from './aftermath.ts';
import { type FaultyBuild, faultyBuild, hostsOf, MARKED, type RunningBuild, SAY_BEGUN } from './faulty-build.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';

interface BadCommand {
  readonly title: string;
  /** Tried as an ordinary user too: where its rights make a difference. */
  readonly ofUser?: true;
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
    ofUser: true,
    script: '(setsid sh -c "(sleep 300 &) ; sleep 300" &) ; (sleep 300 >/dev/null 2>&1 &) ; sleep 0.1',
    code: 0,
  },
  { title: 'closes its output', script: 'exec >&- 2>&-; sleep 0.2', code: 0 },
  { title: 'gives its output to a daemon', script: '(trap "" HUP TERM; sleep 300; echo late) & echo done', code: 0 },
  { title: 'fills its disk', flags: '--mount=type=tmpfs,target=/t,size=1m', script: 'cat /dev/zero >/t/f', code: 1 },
  { title: 'takes more memory than it may', script: 'ulimit -v 100000; tail /dev/zero', code: 1 },
  {
    title: 'takes more memory than the build allows',
    ofUser: true,
    script: 'tail /dev/zero',
    args: ['--memory', '64m'],
    code: 1,
  },
  {
    title: 'forks without end',
    ofUser: true,
    script: `f() { f | f & }; f; i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; ${SAY_BEGUN}; while :; do :; done`,
    args: ['--pids-limit', '64'],
    code: INTERRUPTED,
    after: interrupt,
  },
  {
    title: 'prints without end',
    script: `${SAY_BEGUN}; yes`,
    code: INTERRUPTED,
    after: interrupt,
  },
  {
    title: 'ignores signals until it takes too long',
    script: `trap "" INT TERM HUP; ${SAY_BEGUN}; while :; do sleep 1; done`,
    args: ['--step-timeout', '1s'],
    code: 1,
  },
  {
    title: 'ignores signals',
    ofUser: true,
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

const USERS = [
  { who: 'root', as: undefined, commands: COMMANDS },
  { who: 'an ordinary user', as: findOrdinaryUser(), commands: COMMANDS.filter(({ ofUser }) => ofUser) },
];

describe.each(USERS)('a command of $who that', ({ as, commands }) => {
  const harmless = { Dockerfile: dockerfile({ script: 'true' }) };
  let expected: string;

  beforeAll(async () => {
    using reference = faultyBuild(harmless, { as });
    const { exitCode, stdout, stderr } = await reference.build();
    expect(exitCode, stderr).toBe(0);
    expected = stdout.trim();
  });

  test.each(commands)('$title ends the build with $code and leaves nothing behind', async (command) => {
    using build = faultyBuild({ Dockerfile: dockerfile(command) }, { as });
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

test('a command that writes a gigabyte of log does not fill the memory of its build', {
  timeout: 600_000,
}, async () => {
  const script = `yes ${'log '.repeat(250)} | head -c 1073741824; exit 3`;
  using build = faultyBuild({ Dockerfile: dockerfile({ script }) });
  const running = build.start('--progress', 'quiet');
  const peaks: number[] = [];
  const ended = running.ended.finally(() => clearInterval(timer));
  const timer = setInterval(() => peaks.push(...mostMemory(build, running)), 100);
  expect(await ended, running.output).toBe(1);
  expect(Math.max(...peaks)).toBeGreaterThan(MEBIBYTE);
  expect(Math.max(...peaks)).toBeLessThan(400 * MEBIBYTE);
});

const MEBIBYTE = 1 << 20;

/** The most that processes of a build have had so far, in bytes: proc_pid_status(5). */
function mostMemory(build: FaultyBuild, running: RunningBuild): number[] {
  const pids = [running.process.pid, ...hostsOf(build, running)];
  return pids.map((pid) => Number(/^VmHWM:\s*(\d+)/m.exec(readStatus(pid))?.[1] ?? 0) * 1024);
}

function readStatus(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

function dockerfile({ script, flags = '' }: Pick<BadCommand, 'script' | 'flags'>): string {
  return `FROM ${registry}/busybox:latest\nRUN ${MARKED} ${flags} ${script}\n`;
}
