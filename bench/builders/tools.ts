import { mkdirSync, rmSync } from 'node:fs';
import type { Accounting } from '../measure/accounting.ts';

/** What every builder is made with. */
export interface Tools {
  readonly accounting: Accounting;
  /** A folder for a builder alone. */
  readonly folder: (name: string) => string;
}

export function emptyFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  mkdirSync(folder, { recursive: true });
}
