import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

const GOLDEN = join(import.meta.dirname, '../golden');

/** Folders of `test/golden/<suite>`, each a case. */
export function goldenCases(suite: string): readonly string[] {
  return readdirSync(join(GOLDEN, suite)).sort();
}

export function readGolden(suite: string, name: string, file: string): string {
  return readFileSync(join(GOLDEN, suite, name, file), 'utf8');
}

/** Compares with the recorded file; with `UPDATE_GOLDEN` set, records it anew: read the difference before you commit. */
export function expectGolden(suite: string, name: string, file: string, actual: string): void {
  const path = join(GOLDEN, suite, name, file);
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(path, actual);
  expect(actual).toBe(existsSync(path) ? readFileSync(path, 'utf8') : `no ${file} in ${name}`);
}
