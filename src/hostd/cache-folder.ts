import { execFile } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdtempSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errnoOf, toHostError } from '../io/host-error.ts';
import { makePrivateFolder } from './private-folder.ts';
import { removeTree } from './removal.ts';

export interface CacheFolder {
  readonly source: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface CacheFolderParts {
  /** Where it is made: of this build and in the same file system, so that nothing is left of a killed one. */
  readonly tempDir: string;
  /** Gives what the folder holds at first. */
  readonly openInitial: (() => Promise<string>) | undefined;
}

/** Gives the folder of a cache mount; made with its mode, owner and first content in one step when it is missing. */
export async function makeCacheFolder(
  folder: CacheFolder,
  { tempDir, openInitial }: CacheFolderParts,
): Promise<string> {
  const { source } = folder;
  makePrivateFolder(dirname(source));
  if (isFolder(source)) return source;
  const temporary = mkdtempSync(join(tempDir, 'cache-'));
  try {
    const initial = await openInitial?.();
    if (initial !== undefined) await copyTree(initial, temporary);
    chownSync(temporary, folder.uid, folder.gid);
    chmodSync(temporary, folder.mode);
    renameSync(temporary, source);
  } catch (error) {
    await removeTree(temporary);
    // Another build made it in the meantime.
    if (!['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? ''))
      throw toHostError(error, 'make the cache folder', source);
  }
  return source;
}

/** A link in its place was put there by a command: it goes. */
function isFolder(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === false) unlinkSync(path);
  return stats?.isDirectory() === true;
}

/** Owners, modes, times, links and devices are kept. */
async function copyTree(from: string, to: string): Promise<void> {
  const isDirectory = statSync(from).isDirectory();
  await promisify(execFile)('cp', ['-a', '--', isDirectory ? `${from}/.` : from, `${to}/`]);
}
