import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const BESIDE_THE_REPOSITORY = join(import.meta.dirname, '../../../shared/spec/corpus');

/**
 * The shared corpus (`$LAMELLA_CORPUS`, else beside the repository), or `undefined` where there is none: suites then
 * skip with `describe.skipIf`. In CI it must be there.
 */
export function corpusDir(): string | undefined {
  const dir = process.env.LAMELLA_CORPUS ?? BESIDE_THE_REPOSITORY;
  if (existsSync(dir)) return dir;
  if (process.env.CI !== undefined) throw new Error(`no corpus in ${dir}`);
  console.warn(`skipped: no corpus in ${dir}; set LAMELLA_CORPUS`);
  return undefined;
}

/** A table of the corpus; without cases where there is no corpus. */
export function corpusTable<T extends { readonly cases: readonly unknown[] }>(name: string): T {
  const dir = corpusDir();
  if (dir === undefined) return { cases: [] as readonly unknown[] } as T;
  return JSON.parse(readFileSync(join(dir, 'tables', `${name}.json`), 'utf8')) as T;
}
