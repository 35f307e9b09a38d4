import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { hasCommand } from '../golden/builds/golden-case.ts';
import { GOLDEN_CASES } from '../golden/builds/index.ts';
import { expectGoldenCase, readGoldenBase } from '../support/golden-build.ts';
import type { ReadImage } from '../support/image-tree.ts';

const cacheDir = mkdtempSync(join(tmpdir(), 'lamella-golden-'));
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

describe('golden builds with commands', () => {
  let base: ReadImage;
  beforeAll(async () => {
    base = await readGoldenBase(cacheDir);
  });

  test.each(GOLDEN_CASES.filter(hasCommand))('$covers $about', async (each) => {
    await expectGoldenCase(each, cacheDir, base);
  });
});
