import { describe, expect, test } from 'vitest';
import type { BuildExplanation, Library } from '../../src/cli/library.ts';
import { main } from '../../src/cli/main.ts';
import { fakeHost } from './support/fake-host.ts';

const EXPLANATION: BuildExplanation = {
  context: '/home/me/app',
  dockerfile: 'Dockerfile',
  startedMs: Date.UTC(2026, 10, 30, 8, 47, 38),
  durationMs: 12_345,
  digest: 'sha256:abc',
  steps: [
    { ...step(1, 'COPY a /'), outcome: 'cached', durationMs: 3, reasons: [], why: '' },
    { ...step(2, 'RUN make'), outcome: 'executed', durationMs: 2300, reasons: [], why: 'ENV A 1→2' },
    { ...step(3, 'RUN false'), outcome: 'failed', durationMs: 100, reasons: [], why: 'a new step' },
  ],
};

function step(index: number, text: string) {
  return { stage: 'build', index, total: 3, line: index + 1, text, writtenBytes: 0 };
}

async function run(args: readonly string[], explainLastBuild: Library['explainLastBuild']) {
  const host = fakeHost({ library: { explainLastBuild } });
  return { code: await main(['cache', 'explain', ...args], host), ...host.written };
}

describe('lamella cache explain', () => {
  test('prints the build, and under each step that was carried out the reason', async () => {
    const printed = await run([], async () => EXPLANATION);
    expect(printed.stdout.split('\n')).toEqual([
      '/home/me/app, Dockerfile: built 2026-11-30 08:47:38 UTC in 12.3s, sha256:abc',
      '[build 1/3] COPY a /: CACHED',
      '[build 2/3] RUN make: carried out in 2.3s',
      '    ENV A 1→2',
      '[build 3/3] RUN false: FAILED after 0.1s',
      '    a new step',
      '',
    ]);
  });

  test('says that a build failed, or was asked for again', async () => {
    const { digest: _digest, ...failed } = EXPLANATION;
    const printed = await run([], async () => ({ ...failed, steps: [], unchangedMs: Date.UTC(2026, 10, 30, 9) }));
    expect(printed.stdout).toBe(
      '/home/me/app, Dockerfile: built 2026-11-30 08:47:38 UTC in 12.3s, it failed\n' +
        'asked for again 2026-11-30 09:00:00 UTC: nothing had changed\n',
    );
  });

  test('asks for the context, the Dockerfile and the cache folder that are named, and prints JSON', async () => {
    const asked: unknown[] = [];
    const printed = await run(['-f', 'other', '--cache-dir', '/c', '--json', 'app'], async (options) => {
      asked.push(options);
      return EXPLANATION;
    });
    expect(asked).toEqual([{ cacheDir: '/c', context: 'app', dockerfile: 'other' }]);
    expect(JSON.parse(printed.stdout)).toEqual(EXPLANATION);
  });

  test('refuses what was never built', async () => {
    const printed = await run(['app'], async () => undefined);
    expect(printed.code).toBe(5);
    expect(printed.stderr).toContain('no build of app is known');
  });
});
