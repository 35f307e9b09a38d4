import { type BigIntStats, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { temporaryName } from '../io/atomic-file.ts';
import { copyFile } from './copy-file.ts';
import { modificationTime, setModificationTime } from './modification-time.ts';

/**
 * Makes a name of a regular file that has others a file of its own. overlayfs parts such names when it copies the file up
 * (`index=off`), so that a change by one name is seen by that name alone. Other snapshotters do not: where the names are
 * parted before a command runs, all give the same layer.
 */
export function partLinks(path: string, stats: BigIntStats): void {
  if (stats.nlink === 1n) return;
  const time = modificationTime(dirname(path));
  const temporary = temporaryName(path);
  copyFile(path, temporary, stats);
  renameSync(temporary, path);
  setModificationTime(dirname(path), time);
}
