import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

const root = join(import.meta.dirname, '../..');

test('npm run example builds the Node application on a base made here, and runs its tests inside', async () => {
  const env = { ...process.env, XDG_CACHE_HOME: tempDir() };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/example.mjs'], { cwd: root, env });
  expect(stderr).toContain('rendered 2 pages');
  expect(stderr).toContain('pass 1');
  expect(stdout).toContain('docker load -i examples/node-app/dist/node-app.tar');
  expect(existsSync(join(root, 'examples/node-app/dist/node-app.tar'))).toBe(true);
});
