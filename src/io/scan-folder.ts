import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, toHostError } from './host-error.ts';

export interface ScannedFile {
  readonly path: string;
  /** Below the scanned folder, with `/`. */
  readonly name: string;
}

/**
 * All files below a folder, in the order of their names; those that are being written (`writeAtomic`) are left out, and
 * so is what vanishes meanwhile. A folder that is not there is empty.
 * @throws HostError when the file system refuses
 */
export function* scanFiles(folder: string, prefix = ''): Generator<ScannedFile, void> {
  for (const entry of scanFolder(folder)) {
    const path = join(folder, entry.name);
    const name = prefix + entry.name;
    if (entry.isDirectory()) yield* scanFiles(path, `${name}/`);
    else if (!entry.name.startsWith('.')) yield { path, name };
  }
}

/** What is in a folder, by name; nothing when it is not there. */
export function scanFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw toHostError(error, 'read', folder);
  }
}
