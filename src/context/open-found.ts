import { closeSync, createReadStream, readFileSync } from 'node:fs';
import { errnoOf } from '../io/host-error.ts';
import { openFile } from '../io/open-file.ts';
import { fileChanged, isAbsent, unreadable } from './context-error.ts';

/** A file of a context where it was found; without `real` nobody knows whether links led there. */
export interface FileSource {
  readonly path: string;
  readonly real?: string;
}

/**
 * Opens a file of a context, unless something else has taken its place since it was found.
 * @throws ContextError `CONTEXT_FILE_CHANGED`, `CONTEXT_UNREADABLE`
 */
export function openFound({ path, real }: FileSource): number {
  return onFound(path, () => openFile(path, real));
}

/** Reads such a file whole. @throws as {@link openFound} does */
export function readFound(source: FileSource): Buffer {
  const file = openFound(source);
  try {
    return onFound(source.path, () => readFileSync(file));
  } finally {
    closeSync(file);
  }
}

/** Reads such a file piece by piece. @throws as {@link openFound} does */
export async function* streamFound(source: FileSource): AsyncGenerator<Uint8Array, void> {
  const fd = openFound(source);
  try {
    yield* createReadStream('', { fd, highWaterMark: 1 << 18 });
  } catch (error) {
    throw failure(source.path, error);
  }
}

/** Runs a system call on such a file. @throws as {@link openFound} does */
export function onFound<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw failure(path, error);
  }
}

function failure(path: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const isReplaced = isAbsent(error) || errno === 'ELOOP' || errno === 'EISDIR' || errno === 'ENXIO';
  return isReplaced ? fileChanged(path, error) : unreadable(path, error);
}
