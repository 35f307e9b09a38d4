import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

const SCRIPT = join(import.meta.dirname, '../../scripts/test-host.mjs');

declare module 'vitest' {
  interface ProvidedContext {
    /** How much of the machine the tests of a project need. */
    readonly hostLevel: 'e2e' | 'all';
  }
}

/** Runs once before the tests of a project: services are up, and their addresses in the environment of the tests. */
export function setup(project: TestProject): void {
  const level = project.getProvidedContext().hostLevel;
  const { status } = spawnSync(process.execPath, [SCRIPT, 'up', level, '--for', String(process.pid)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error('scripts/test-host.mjs could not make this machine ready: see above');
  const lines = execFileSync(process.execPath, [SCRIPT, 'env'], { encoding: 'utf8' }).trim().split('\n');
  for (const line of lines.filter((each) => each.includes('='))) {
    process.env[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
  }
}

export function teardown(): void {
  spawnSync(process.execPath, [SCRIPT, 'down', '--for', String(process.pid)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
