import { existsSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hexOf } from '../../core/digest.ts';
import { discardFile } from '../../io/atomic-file.ts';
import { acquireLease, type Lease } from '../../io/lease.ts';
import { makeFolder } from '../../io/make-folder.ts';
import { contentOfAll } from '../named-image.ts';
import { BLOBS, INDEX_FILE, LAYOUT_FILE } from './layout-files.ts';
import { readLayout } from './read-layout.ts';

/** One writer at a time works on a layout; its name is no part of the layout. */
const LEASE_FILE = '.lamella-writing';

/** Whether a file in the folder of a layout tells of its writers only. */
export function isLeaseFile(name: string): boolean {
  return name.startsWith(LEASE_FILE);
}

/** Writes files that were not there; told before the first byte, so that they can be taken back. */
export interface LayoutWriting {
  adds(path: string): void;
}

/**
 * Does `write` in `dir`, which is made when it is missing, while no other of our processes writes there. When it fails, what
 * it added and no image of the index needs goes again, and so do the folders that were made for it.
 */
export async function writeInTurn<T>(
  dir: string,
  signal: AbortSignal | undefined,
  write: (writing: LayoutWriting) => Promise<T>,
): Promise<T> {
  const isNew = !existsSync(dir);
  const around = missingFolders(dir);
  let inside: readonly string[] = [];
  let lease: Lease | undefined;
  const added: string[] = [];
  const adds = (path: string): void => {
    if (!existsSync(path)) added.push(path);
  };
  try {
    makeFolder(dir);
    lease = await turn(dir, signal);
    // Whoever gives up while it waits takes nothing from under the writer that is at work.
    inside = missingFolders(join(dir, BLOBS));
    return await write({ adds });
  } catch (error) {
    // Without a turn somebody else may count on what lies in a folder that was there before.
    if (lease !== undefined || isNew) await takeBack(dir, added);
    throw error;
  } finally {
    // Those that hold something, of the new image or of another writer, stay.
    inside.forEach(removeEmpty);
    lease?.[Symbol.dispose]();
    around.forEach(removeEmpty);
  }
}

/** `folder` and its parents as far as they are missing, the innermost first. */
function missingFolders(folder: string): string[] {
  return existsSync(folder) ? [] : [folder, ...missingFolders(dirname(folder))];
}

/**
 * `undefined` where no lock can be made, as on file systems without hard links.
 * @throws HostError when there is one whose owner cannot be told
 */
async function turn(dir: string, signal: AbortSignal | undefined): Promise<Lease | undefined> {
  const path = join(dir, LEASE_FILE);
  try {
    return await acquireLease(path, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (existsSync(path)) throw error;
    return undefined;
  }
}

async function takeBack(dir: string, added: readonly string[]): Promise<void> {
  const isIndexed = existsSync(join(dir, INDEX_FILE));
  const needed = isIndexed ? await contentOfIndex(dir) : new Set<string>();
  for (const path of added) {
    const isNeeded = isIndexed && basename(path) === LAYOUT_FILE;
    if (!isNeeded && needed?.has(basename(path)) === false) discardFile(path);
  }
}

/** Names of the blobs that the index leads to; `undefined` where that cannot be told. */
async function contentOfIndex(dir: string): Promise<ReadonlySet<string> | undefined> {
  try {
    const { manifests, reader } = await readLayout(dir);
    const images = manifests.map((descriptor) => ({ image: { descriptor }, names: [] }));
    const content = await contentOfAll(reader, images);
    return new Set(content.map(({ digest }) => hexOf(digest)));
  } catch {
    return undefined;
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not empty, or was never made.
  }
}
