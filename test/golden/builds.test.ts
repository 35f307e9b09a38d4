import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { expectGoldenCase } from '../support/golden-build.ts';
import { hasCommand } from './builds/golden-case.ts';
import { GOLDEN_CASES } from './builds/index.ts';

const cacheDir = mkdtempSync(join(tmpdir(), 'lamella-golden-'));
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

describe('golden builds without commands', () => {
  test.each(GOLDEN_CASES.filter((each) => !hasCommand(each)))('$covers $about', async (each) => {
    await expectGoldenCase(each, cacheDir);
  });
});
