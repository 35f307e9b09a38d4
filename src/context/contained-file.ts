import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { ContextError } from '../core/errors.ts';
import { isAbsent } from './context-error.ts';
import { readRegularFile } from './read-regular-file.ts';

/**
 * Reads a file that decides about a build, such as a Dockerfile. Links are followed as long as they lead into one of the
 * folders: whoever writes a context must not have other files of this machine read, and shown in messages.
 * @throws ContextError `CONTEXT_LINK_OUTSIDE`, `CONTEXT_UNREADABLE`; the system's error
 */
export function readContainedFile(path: string, folders: readonly string[]): Uint8Array {
  const real = realpathSync(path);
  if (!folders.some((folder) => isInside(real, folder))) throw outside(path, real);
  return readRegularFile(real);
}

/** As {@link readContainedFile}, for a path that the caller chose: a pipe there, as the shell's `<(…)` is, is waited for. */
export function readNamedFile(path: string, folders: readonly string[]): Uint8Array {
  const isPipe = /^\/(?:dev|proc)\//.test(path) || lstatSync(path).isFIFO();
  return isPipe ? readFileSync(path) : readContainedFile(path, folders);
}

function isInside(real: string, folder: string): boolean {
  try {
    const root = realpathSync(folder);
    return real.startsWith(root.endsWith(sep) ? root : root + sep);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function outside(path: string, real: string): ContextError {
  return new ContextError(
    'CONTEXT_LINK_OUTSIDE',
    `cannot read ${JSON.stringify(path)}: a link leads out of the folder, to ${JSON.stringify(real)}`,
    { hint: 'put a copy there; a Dockerfile that lies elsewhere is named with --file' },
  );
}
