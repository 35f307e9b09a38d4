import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from './host-error.ts';

/**
 * Makes a folder and its missing parents; one that is there is success. The error is the system's own for the folder that
 * refused. (Node's `mkdir` with `recursive` never returns below /proc, and calls a read-only parent missing.)
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' && dirname(path) !== path) {
      makeFolder(dirname(path));
      makeLast(path);
    } else if (!isFolder(path)) {
      // A file in the way says ENOTDIR here, which is what is wrong.
      if (errno === 'EEXIST') statSync(`${path}/`);
      throw error;
    }
  }
}

/** The parents are there: what is refused now is refused for good. */
function makeLast(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Makes `path` by `make`; its folder, which is there nearly always, when that turns out to be wrong. */
export function inFolder<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    makeFolder(dirname(path));
    return make();
  }
}
