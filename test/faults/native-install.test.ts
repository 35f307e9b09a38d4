import { randomBytes } from 'node:crypto';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lockEntry, makeTarball, projectTexts, putIntoNpmCache, type Tarball } from '../support/npm-packages.ts';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { sendWhole, startTarballServer, type TarballAnswer } from '../support/tarball-server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { checkAftermath } from './aftermath.ts';
import { type FaultyBuild, type FaultyBuildOptions, faultyBuild } from './faulty-build.ts';
import { randomNumbers, SEED } from './seed.ts';

/** More than are fetched at a time. */
const NAMES = Array.from({ length: 24 }, (_, at) => `p${at}`);
const tarballs = await Promise.all(
  NAMES.map((name) =>
    makeTarball({ name, version: '1.0.0', files: { noise: randomBytes(30_000).toString('base64') } }),
  ),
);
const other = await makeTarball({ name: 'other', version: '1.0.0' });
const server = await startTarballServer(tarballs);
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.answer = sendWhole;
});

const TEXTS = projectTexts(
  { dependencies: Object.fromEntries(NAMES.map((name) => [name, '1'])), lamella: { base: 'scratch' } },
  Object.fromEntries(tarballs.map((one) => [`node_modules/${one.name}`, lockEntry(one, { resolved: undefined })])),
);

const NOWHERE = join(tmpdir(), 'lamella-no-such-folder');

/** Without a Dockerfile, from a registry and with nothing in npm's cache. */
function nativeBuild({ cache = NOWHERE, ...options }: FaultyBuildOptions & { cache?: string } = {}): FaultyBuild {
  const env = { npm_config_registry: server.url, npm_config_cache: cache, npm_config_userconfig: NOWHERE };
  return faultyBuild({ ...TEXTS, 'index.js': 'main\n' }, { ...options, env });
}

const status =
  (code: number): TarballAnswer =>
  (response) =>
    void response.writeHead(code).end();

/** The first half, then the connection breaks. */
const breakOff: TarballAnswer = (response, { bytes }) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
};

const sendOther =
  (chosen: (tarball: Tarball) => Uint8Array): TarballAnswer =>
  (response, tarball) =>
    void response.writeHead(200).end(chosen(tarball));

/** The first answers are whole, the rest is not; in whatever order they are asked for. */
function after(count: number, rest: TarballAnswer): TarballAnswer {
  let answers = 0;
  return (response, tarball) => (answers++ < count ? sendWhole : rest)(response, tarball);
}

/** Bad at first for each package. */
function atFirst(times: number, bad: TarballAnswer): TarballAnswer {
  const asked = new Map<string, number>();
  return (response, tarball) => {
    const before = asked.get(tarball.name) ?? 0;
    asked.set(tarball.name, before + 1);
    (before < times ? bad : sendWhole)(response, tarball);
  };
}

interface Fault {
  readonly title: string;
  readonly answer: TarballAnswer;
  readonly code: string;
  readonly exit: number;
  readonly says: RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    title: 'goes away midway',
    answer: after(9, (response) => void response.destroy()),
    code: 'STEP_NPM_TARBALL_MISSING',
    exit: 1,
    says: /the tarball of p\d+@1\.0\.0 .* cannot be fetched/,
  },
  {
    title: 'breaks off in the middle of tarballs',
    answer: after(5, breakOff),
    code: 'STEP_NPM_TARBALL_MISSING',
    exit: 1,
    says: /the tarball of p\d+@1\.0\.0 .* cannot be fetched/,
  },
  {
    title: 'has half of a tarball',
    answer: after(
      20,
      sendOther(({ bytes }) => bytes.subarray(0, bytes.length / 2)),
    ),
    code: 'CONTENT_DIGEST_MISMATCH',
    exit: 7,
    says: /the tarball of p\d+@1\.0\.0 is not what package-lock\.json says/,
  },
  {
    title: 'has another tarball under the name',
    answer: after(
      3,
      sendOther(() => other.bytes),
    ),
    code: 'CONTENT_DIGEST_MISMATCH',
    exit: 7,
    says: /the tarball of p\d+@1\.0\.0 is not what package-lock\.json says/,
  },
  {
    title: 'has nothing but an error of its own',
    answer: after(12, status(503)),
    code: 'STEP_NPM_TARBALL_MISSING',
    exit: 1,
    says: /the tarball of p\d+@1\.0\.0 .* answers 503/,
  },
  {
    title: 'says that there is no such tarball',
    answer: after(23, status(404)),
    code: 'STEP_NPM_TARBALL_MISSING',
    exit: 1,
    says: /the tarball of p\d+@1\.0\.0 .* answers 404/,
  },
];

let expected: string;
let usualMs: number;

beforeAll(async () => {
  using reference = nativeBuild();
  const start = performance.now();
  const { exitCode, stdout, stderr } = await reference.build();
  usualMs = performance.now() - start;
  expect(exitCode, stderr).toBe(0);
  expected = stdout.trim();
});

describe('a registry of packages that', () => {
  test.each(FAULTS)(
    '$title ends the build with $code, and the next one is whole',
    async ({ answer, code, exit, says }) => {
      using build = nativeBuild();
      server.answer = answer;
      const running = build.start();
      expect(await running.ended, running.output).toBe(exit);
      expect(running.output).toContain(code);
      expect(running.output.replaceAll(/\s+/g, ' ')).toMatch(says);
      server.answer = sendWhole;
      await checkAftermath(build, expected);
    },
  );

  test.each([
    ['is overloaded for a while', atFirst(2, status(503))],
    ['breaks off once', atFirst(1, breakOff)],
  ])('%s is asked again, and the image is the same', async (_what, answer) => {
    using build = nativeBuild();
    server.answer = answer;
    const built = await build.build();
    expect([built.exitCode, built.stdout.trim()], built.stderr).toEqual([0, expected]);
  });

  const signals = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;
  const moments = signals.flatMap((signal) =>
    randomNumbers(`npm ${signal}`, 2, [1, NAMES.length]).map((count) => ({ signal, count, seed: SEED })),
  );

  test.each(moments)(
    'answers no more after $count tarballs lets $signal end the build at once (seed $seed)',
    async ({ signal, count }) => {
      using build = nativeBuild();
      const stuck = Promise.withResolvers<void>();
      server.answer = after(count, () => stuck.resolve());
      const running = build.start();
      await Promise.race([stuck.promise, running.ended]);
      running.process.kill(signal);
      expect(await running.ended, running.output).toBe(128 + constants.signals[signal]);
      server.answer = sendWhole;
      await checkAftermath(build, expected);
    },
  );

  test.each(randomNumbers('npm moments', 3, [8, 100]).map((percent) => ({ percent, seed: SEED })))(
    'sends slowly leaves nothing behind when the build is killed after $percent % of its time (seed $seed)',
    async ({ percent }) => {
      using build = nativeBuild();
      server.answer = (response, tarball) => void setTimeout(() => sendWhole(response, tarball), 40);
      const running = build.start();
      await Promise.race([delay((usualMs * percent) / 100), running.ended]);
      running.process.kill('SIGKILL');
      expect([0, 137]).toContain(await running.ended);
      server.answer = sendWhole;
      await checkAftermath(build, expected);
    },
  );
});

const user = findOrdinaryUser();
if (user === undefined && process.env.CI) throw new Error('CI must have an ordinary user');

if (user !== undefined) {
  describe("npm's cache that the user may not read", () => {
    /** Everything is in it, and nobody but root can tell. */
    function forbidden(): string {
      const cache = tempDir();
      tarballs.forEach((tarball) => void putIntoNpmCache(cache, tarball));
      return cache;
    }

    test('is done without where the registry has the packages', async () => {
      using build = nativeBuild({ as: user, cache: forbidden() });
      await checkAftermath(build, expected);
    });

    test('is named where there is no network', async () => {
      using build = nativeBuild({ as: user, cache: forbidden() });
      const running = build.start('--offline');
      expect(await running.ended, running.output).toBe(1);
      expect(running.output).toContain('STEP_NPM_TARBALL_MISSING');
      expect(running.output).toMatch(/p\d+@1\.0\.0 cannot be read \(EACCES: permission denied.*this build is offline/);
      await checkAftermath(build, expected);
    });
  });
}
