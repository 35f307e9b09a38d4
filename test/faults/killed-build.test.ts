import { existsSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { userId } from '../../src/io/host.ts';
import { findGroupParents } from '../../src/sandbox/control-group-tree.ts';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { checkAftermath, notedGroups } from './aftermath.ts';
import { type FaultyBuild, faultyBuild, hostsOf, MARKED, type RunningBuild, SAY_BEGUN } from './faulty-build.ts';
import { randomNumbers, SEED } from './seed.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';

/** Steps of every kind, long enough for any moment to be hit. */
const FILES = {
  Dockerfile: [
    `FROM ${registry}/busybox:latest AS one`,
    'COPY src /src',
    `RUN ${MARKED} for i in 1 2 3 4 5; do cp -r /src /copy$i; sleep 0.05; done`,
    `FROM ${registry}/busybox:latest`,
    `RUN ${MARKED} --mount=type=cache,target=/cache,sharing=locked (setsid sleep 300 &) ; date > /cache/x; sleep 0.3`,
    'COPY --from=one /copy1 /copy',
    `RUN ${MARKED} sleep 0.2; rm -rf /copy/f1*`,
  ].join('\n'),
  ...Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`src/f${i}`, `${i}\n`.repeat(500)])),
};

const USERS = [
  { who: 'root', as: undefined, rounds: 3 },
  { who: 'an ordinary user', as: findOrdinaryUser(), rounds: 2 },
];

/** Bound by control groups, where this machine lets the user have some. */
const BOUND = ['--memory', '1g', '--pids-limit', '4096'];

interface Blow {
  readonly title: string;
  /** Exit codes that may come of it, but for 0: the build may have been done. */
  readonly codes: readonly number[];
  strike(running: RunningBuild, build: FaultyBuild): Promise<void>;
}

const signal = (name: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Blow => ({
  title: name,
  codes: [128 + constants.signals[name]],
  strike: async (running) => void running.process.kill(name),
});

const BLOWS: readonly Blow[] = [
  signal('SIGINT'),
  signal('SIGTERM'),
  signal('SIGKILL'),
  {
    title: 'SIGINT twice',
    codes: [128 + constants.signals.SIGINT],
    async strike(running) {
      running.process.kill('SIGINT');
      await delay(20);
      running.process.kill('SIGINT');
    },
  },
  {
    title: 'SIGKILL of its sandbox host',
    codes: [1],
    strike: async (running, build) => hostsOf(build, running).forEach((pid) => void process.kill(pid, 'SIGKILL')),
  },
  {
    title: 'SIGINT, and SIGKILL while it cleans up',
    codes: [128 + constants.signals.SIGINT, 128 + constants.signals.SIGKILL],
    async strike(running) {
      running.process.kill('SIGINT');
      await delay(30);
      running.process.kill('SIGKILL');
    },
  },
];

describe.each(USERS)('a build of $who that is ended at a random moment', ({ who, as, rounds }) => {
  let expected: string;
  let usualMs: number;

  beforeAll(async () => {
    using reference = faultyBuild(FILES, { as, args: BOUND });
    const start = performance.now();
    const { exitCode, stdout, stderr } = await reference.build();
    usualMs = performance.now() - start;
    expect(exitCode, stderr).toBe(0);
    expected = stdout.trim();
  });

  const cases = BLOWS.flatMap((blow) =>
    randomNumbers(`${who} ${blow.title}`, rounds, [8, 100]).map((percent) => ({ blow, percent })),
  );

  test.each(cases.map(({ blow, percent }) => ({ ...blow, percent, seed: SEED })))(
    'by $title after $percent % of its time leaves nothing behind, and the next one gives the same image (seed $seed)',
    async ({ codes, strike, percent }) => {
      using build = faultyBuild(FILES, { as, args: BOUND });
      const running = build.start();
      await Promise.race([delay((usualMs * percent) / 100), running.ended]);
      await strike(running, build);
      expect([0, ...codes], running.output).toContain(await running.ended);
      await checkAftermath(build, expected);
    },
  );
});

/** Whether control groups can be made: as root of a machine that has them. */
function mayBind(): boolean {
  try {
    return userId() === 0 && findGroupParents(['memory', 'pids']).length > 0;
  } catch {
    return false;
  }
}

if (mayBind()) {
  describe.each([
    ['crun', []],
    ['runc', ['--isolation', 'runc']],
  ])('a build with %s whose commands are bound', (_, method) => {
    test('leaves control groups when it is killed, which the very next build removes', async () => {
      const dockerfile = `FROM ${registry}/busybox:latest\nRUN ${MARKED} ${SAY_BEGUN}; sleep 300`;
      using build = faultyBuild({ Dockerfile: dockerfile }, { args: [...BOUND, ...method] });
      const running = build.start();
      await running.says('begun');
      running.process.kill('SIGKILL');
      await running.ended;
      const groups = notedGroups(build);
      expect(groups.filter(existsSync).length, running.output).toBeGreaterThan(0);
      writeFileSync(join(build.project.dir, 'Dockerfile'), `FROM ${registry}/busybox:latest\nRUN true`);
      const next = await build.build();
      expect(next.exitCode, next.stderr).toBe(0);
      expect(groups.filter(existsSync)).toEqual([]);
    });
  });
}
