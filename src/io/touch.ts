import { utimesSync } from 'node:fs';
import { writeAtomicSync } from './atomic-file.ts';
import { errnoOf } from './host-error.ts';

/** Notes that a file was used, by its time of modification. One that is missing or may not be changed is left alone. */
export function touchFile(path: string): void {
  const now = Date.now() / 1000;
  try {
    utimesSync(path, now, now);
  } catch {}
}

/** {@link touchFile} for a file that only tells of use: it is made when it is missing. */
export function markUsed(path: string): void {
  const now = Date.now() / 1000;
  try {
    utimesSync(path, now, now);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') writeAtomicSync(path, '');
  }
}

/** {@link markUsed} after this turn, so that nobody waits for it; a mark that cannot be made is left out. */
export function markUsedSoon(path: string): void {
  setImmediate(() => {
    try {
      markUsed(path);
    } catch {}
  });
}
