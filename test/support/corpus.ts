import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The shared corpus: `$LAMELLA_CORPUS`, else beside the repository; `undefined` where there is none. */
export function corpusDir(): string | undefined {
  const dir = process.env.LAMELLA_CORPUS ?? join(import.meta.dirname, '../../../shared/spec/corpus');
  return existsSync(dir) ? dir : undefined;
}
