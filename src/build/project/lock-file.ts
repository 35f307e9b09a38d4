import { join } from 'node:path';
import { ContextError } from '../../core/errors.ts';
import { writeAtomicSync } from '../../io/atomic-file.ts';
import { readProjectText } from './project-text.ts';

export const LOCK_FILE = 'lamella.lock';

/** What `lamella.lock` says: digests of bases, by their names. */
export type PinnedBases = Readonly<Record<string, string>>;

/**
 * Reads the text of a `lamella.lock`; none pins nothing.
 * @throws ContextError `CONTEXT_BAD_MANIFEST`
 */
export function parseLock(text: string | undefined): PinnedBases {
  if (text === undefined) return {};
  const lock = parseObject(text) as { readonly bases?: unknown } | undefined;
  const bases = lock === undefined ? undefined : (lock.bases ?? {});
  if (!isPinnedBases(bases)) {
    throw new ContextError('CONTEXT_BAD_MANIFEST', `${LOCK_FILE} does not name bases with their digests`, {
      hint: 'take it from version control again, or remove it: the next build writes it anew',
    });
  }
  return bases;
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPinnedBases(value: unknown): value is PinnedBases {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((digest) => typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest));
}

/** Adds a base to the `lamella.lock` of a folder. @throws HostError */
export function pinBase(folder: string, base: string, digest: string): void {
  const path = join(folder, LOCK_FILE);
  const bases = { ...parseLock(readProjectText(folder, LOCK_FILE)), [base]: digest };
  writeAtomicSync(path, `${JSON.stringify({ bases }, undefined, 2)}\n`);
}
