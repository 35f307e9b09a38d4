import { constants } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import { findOrdinaryUser, type OrdinaryUser } from '../support/ordinary-user.ts';
import { checkAftermath, temporaryFiles } from './aftermath.ts';
import { faultyBuild, helpersOf, MARKED, SAY_BEGUN } from './faulty-build.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
const INTERRUPTED = 128 + constants.signals.SIGINT;

/** Its files belong to ids that only the sandbox host of an ordinary user commands. */
const ENDLESS = {
  Dockerfile: `FROM ${registry}/busybox:latest\nRUN ${MARKED} mkdir /d && touch /d/f && chown -R 1:1 /d && ${SAY_BEGUN} && sleep 300\n`,
};
const SHORT = { Dockerfile: `FROM ${registry}/busybox:latest\nRUN ${MARKED} true\n` };

interface Stopped {
  readonly what: string;
  readonly who: string;
  readonly as: OrdinaryUser | undefined;
  /** In the command line of its process. */
  readonly command: RegExp;
  readonly args: readonly string[];
}

const root = { who: 'root', as: undefined };
const user = { who: 'an ordinary user', as: findOrdinaryUser() };

const HOST = { what: 'its sandbox host and what started it', command: /hostd\/main/, args: [] };
const STARTER = { what: 'what started its sandbox host', command: /^\S*unshare .*hostd\/main/, args: [] };
const CRUN = { what: 'crun', command: /scratch\/crun/, args: ['--isolation', 'crun'] };
const RUNC = { what: 'runc', command: /scratch\/runc/, args: ['--isolation', 'runc'] };
const NETWORK = { what: 'its network helper', command: /slirp4netns|pasta/, args: ['--network-mode', 'isolated'] };
const SUPERVISOR = { what: 'its supervisor', command: /launch\.js supervise/, args: ['--isolation', 'chroot'] };

const CASES: readonly Stopped[] = [
  ...[HOST, STARTER, CRUN, NETWORK, SUPERVISOR].map((each) => ({ ...each, ...root })),
  ...[HOST, RUNC].map((each) => ({ ...each, ...user })),
];

describe('a build that is interrupted', () => {
  let expected: string;

  beforeAll(async () => {
    using reference = faultyBuild(SHORT);
    const { exitCode, stdout, stderr } = await reference.build();
    expect(exitCode, stderr).toBe(0);
    expected = stdout.trim();
  });

  test.each(CASES)('ends and leaves nothing behind while $what is stopped, as $who', async (stopped) => {
    using build = faultyBuild(ENDLESS, { as: stopped.as });
    const running = build.start(...stopped.args);
    await running.says(' begun');
    const helpers = helpersOf(build, running, stopped.command);
    expect(helpers, running.output).not.toEqual([]);
    for (const pid of helpers) process.kill(pid, 'SIGSTOP');
    running.process.kill('SIGINT');
    expect(await running.ended, running.output).toBe(INTERRUPTED);
    expect(temporaryFiles(build)).toEqual([]);
    build.project.write(SHORT);
    await checkAftermath(build, expected);
  });
});
