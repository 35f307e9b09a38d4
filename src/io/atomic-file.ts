import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, toHostError } from './host-error.ts';
import { inFolder, makeFolder } from './make-folder.ts';
import { scanFolder } from './scan-folder.ts';
import { markFailures, toSinkError } from './source-failure.ts';

/** Name of a temporary file beside `path`; such names are never read: see {@link reclaimTemporaryFiles}. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

/**
 * Writes a file so that it is either wholly there or not at all; missing parent folders are made. `mode` is as in open(2).
 * @throws HostError when the file system refuses; what `bytes` throws passes unchanged. Nothing is left behind.
 */
export async function writeAtomic(
  path: string,
  bytes: AsyncIterable<Uint8Array> | Uint8Array,
  mode: number = 0o666,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    makeFolder(dirname(path));
    const file = await open(temporary, 'wx', mode);
    try {
      await writeAll(file, bytes);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    discardFile(temporary);
    throw toSinkError(error, 'write', path);
  }
}

/** {@link writeAtomic} for small content, synchronous. */
export function writeAtomicSync(path: string, content: Uint8Array | string): void {
  const temporary = temporaryName(path);
  try {
    writeNew(temporary, content);
    if (!renamed(temporary, path)) {
      writeNew(temporary, content);
      renameSync(temporary, path);
    }
  } catch (error) {
    discardFile(temporary);
    throw toHostError(error, 'write', path);
  }
}

/** False where somebody took the file of a process that had long been stopped for that of a dead one. */
function renamed(temporary: string, path: string): boolean {
  try {
    renameSync(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** {@link writeAtomicSync} takes a moment; what has lain for longer was left by a process that was killed. */
const MOMENT_MS = 500;
const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** Removes what killed processes left of {@link writeAtomicSync} in a folder, and below it where `deep`. */
export function reclaimTemporaryFiles(folder: string, { deep }: { readonly deep: boolean }): void {
  for (const entry of scanFolder(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && deep) reclaimTemporaryFiles(path, { deep });
    else if (TEMPORARY.test(entry.name) && isOlder(path, MOMENT_MS)) discardFile(path);
  }
}

function isOlder(path: string, ms: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > ms;
}

function writeNew(path: string, content: Uint8Array | string): void {
  inFolder(path, () => writeFileSync(path, content, { flag: 'wx' }));
}

/** Removes a file on the way out of a failure, whose error must not be replaced by another. */
export function discardFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What cannot be removed was not made.
  }
}

async function writeAll(file: FileHandle, bytes: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
  if (bytes instanceof Uint8Array) return writeChunk(file, bytes);
  for await (const chunk of markFailures(bytes)) await writeChunk(file, chunk);
}

async function writeChunk(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < chunk.length) offset += (await file.write(chunk, offset)).bytesWritten;
}
