import { readFileSync } from 'node:fs';
import { errnoOf, toHostError } from './host-error.ts';

/** A process that ended between the opening and the reading of its file in /proc gives ESRCH. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ESRCH']);

/**
 * The bytes of a file; `undefined` when it is not there. A file that cannot be read for another reason is not absent.
 * @throws HostError
 */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (ABSENT.has(errnoOf(error) ?? '')) return undefined;
    throw toHostError(error, 'read', path);
  }
}
