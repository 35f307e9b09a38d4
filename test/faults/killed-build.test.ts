import { spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readImageTree } from '../support/image-tree.ts';
import { createProject, type Project } from '../support/project.ts';
import { runCli } from '../support/run-cli.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));
const MARK = 'LAMELLA_TEST_MARK';

/** Steps of every kind, long enough for any moment to be hit. `mark` makes its processes findable. */
function slowProject(mark: string): Project {
  const files = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`src/f${i}`, `${i}\n`.repeat(500)]));
  return createProject({
    Dockerfile: [
      `FROM ${registry}/busybox:latest AS one`,
      'COPY src /src',
      `RUN : ${mark}; for i in 1 2 3 4 5 6 7 8; do cp -r /src /copy$i; sleep 0.05; done`,
      `FROM ${registry}/busybox:latest`,
      `RUN --mount=type=cache,target=/cache,sharing=locked : ${mark}; (sleep 300 &) ; date > /cache/x; sleep 0.3`,
      'COPY --from=one /copy1 /copy',
      `RUN : ${mark}; sleep 0.2; rm -rf /copy/f1*`,
    ].join('\n'),
    ...files,
  });
}

function processesOf(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && mentions(pid, mark));
}

function mentions(pid: string, mark: string): boolean {
  try {
    const [environment, command] = ['environ', 'cmdline'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1'));
    return pid !== String(process.pid) && `${environment}${command}`.includes(mark);
  } catch {
    return false;
  }
}

async function settled(mark: string): Promise<string[]> {
  for (let waited = 0; waited < 5000; waited += 50) {
    if (processesOf(mark).length === 0) return [];
    await delay(50);
  }
  return processesOf(mark).map((pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'latin1')}`);
}

async function buildAndKill(
  project: Project,
  mark: string,
  signal: NodeJS.Signals,
  afterMs: number,
): Promise<number | null> {
  const args = [CLI, 'build', '--progress', 'plain', '--cache-dir', join(project.out, 'cache'), project.dir];
  const child = spawn(process.execPath, args, { env: { ...process.env, [MARK]: mark }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await Promise.race([delay(afterMs), ended]);
  child.kill(signal);
  const [code] = await ended;
  return code;
}

function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(folder));
}

describe('a build that is ended at a random moment', () => {
  const rounds = Array.from({ length: 8 }, () => randomInt(150, 3500));

  test.each(rounds)(
    'by SIGKILL after %i ms leaves no mount and no process, and the next build succeeds',
    async (afterMs) => {
      const mark = randomUUID();
      using project = slowProject(mark);
      await buildAndKill(project, mark, 'SIGKILL', afterMs);
      expect(await settled(mark)).toEqual([]);
      expect(mountsBelow(project.out)).toEqual([]);
      const layout = join(project.out, 'layout');
      const output = ['-o', `type=oci-layout,dest=${layout}`];
      const result = await runCli(['build', '--cache-dir', join(project.out, 'cache'), ...output, project.dir]);
      expect(result.exitCode, result.stderr).toBe(0);
      const image = await readImageTree(layout);
      expect(image.paths.has('/copy/f200')).toBe(true);
      expect(image.paths.has('/copy/f100')).toBe(false);
      expect(readdirSync(join(project.out, 'cache', 'tmp'))).toEqual([]);
    },
  );

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s cleans up at once and exits with %i', async (signal, code) => {
    const mark = randomUUID();
    using project = slowProject(mark);
    expect(await buildAndKill(project, mark, signal, 1300)).toBe(code);
    expect(await settled(mark)).toEqual([]);
    expect(mountsBelow(project.out)).toEqual([]);
    const temporary = join(project.out, 'cache', 'tmp');
    expect(existsSync(temporary) ? readdirSync(temporary) : []).toEqual([]);
  });
});
