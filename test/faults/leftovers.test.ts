import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { checkAftermath, temporaryFiles } from './aftermath.ts';
import { faultyBuild, hostsOf, MARKED, SAY_BEGUN } from './faulty-build.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';

/** Its files belong to ids that only the sandbox host of an ordinary user commands. */
const ENDLESS = {
  Dockerfile: `FROM ${registry}/busybox:latest\nRUN ${MARKED} mkdir /d && touch /d/f && chown -R 1:1 /d && ${SAY_BEGUN} && sleep 300\n`,
};
const SHORT = { Dockerfile: `FROM ${registry}/busybox:latest\nRUN ${MARKED} true\n` };

const USERS = [
  { who: 'root', as: undefined },
  { who: 'an ordinary user', as: findOrdinaryUser() },
];

describe.each(USERS)('what is left of a build of $who', ({ as }) => {
  test('is removed by the build itself when its sandbox host was killed', async () => {
    using build = faultyBuild(ENDLESS, { as });
    const running = build.start();
    await running.says(' begun');
    for (const pid of hostsOf(build, running)) process.kill(pid, 'SIGKILL');
    expect(await running.ended, running.output).toBe(1);
    expect(temporaryFiles(build)).toEqual([]);
  });

  test('that was killed is removed by one that finds every step in the cache', async () => {
    using build = faultyBuild(SHORT, { as });
    const { exitCode, stdout, stderr } = await build.build();
    expect(exitCode, stderr).toBe(0);
    build.project.write(ENDLESS);
    const running = build.start();
    await running.says(' begun');
    running.process.kill('SIGKILL');
    await running.ended;
    // It might have been writing these.
    for (const name of ['', 'pulled', 'records']) {
      writeFileSync(join(build.cacheDir, name, '.half.json.0123456789ab.tmp'), '{');
    }
    build.project.write({ Dockerfile: `# once more\n${SHORT.Dockerfile}` });
    await checkAftermath(build, stdout.trim());
  });
});
