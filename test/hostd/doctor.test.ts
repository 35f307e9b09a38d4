import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { examineHost } from '../../src/index.ts';
import { findProgram } from '../../src/io/programs.ts';
import { tempDir } from '../support/temp-dir.ts';

it.skipIf(process.platform !== 'linux')('tries every method, and says why one does not work', async () => {
  const cacheDir = tempDir({});
  const report = await examineHost({ cacheDir });
  for (const { method, works, reason, remedies } of report.methods) {
    if (works) expect({ reason, remedies }).toEqual({ remedies: [] });
    else expect({ method, reason }).toEqual({ method, reason: expect.stringMatching(/./) });
  }
  expect(report.method).toBe(report.methods.find(({ works }) => works)?.method);
  const programs = ['crun', 'runc', 'unshare', 'bwrap'].filter((name) => findProgram(name) !== undefined);
  expect([...programs, 'chroot']).toEqual(
    expect.arrayContaining(report.methods.filter((m) => m.works).map((m) => m.method)),
  );
  expect(report.checks.map(({ name }) => name)).toContain('disk space');
});

it('refuses a cache folder that it cannot make', async () => {
  const file = join(tempDir({ 'in-the-way': '' }), 'in-the-way');
  await expect(examineHost({ cacheDir: join(file, 'cache') })).rejects.toMatchObject({ family: 'host' });
  rmSync(file);
});
