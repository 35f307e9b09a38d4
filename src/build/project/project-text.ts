import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeText } from '../../context/utf8.ts';
import { errnoOf, toHostError } from '../../io/host-error.ts';

/** Text of a file of a project; `undefined` where there is none. */
export type ReadText = (path: string) => string | undefined;

/** Reads a file of a project's folder. @throws HostError, ContextError `CONTEXT_NOT_UTF8` */
export function readProjectText(folder: string, path: string): string | undefined {
  const file = join(folder, path);
  try {
    return decodeText(readFileSync(file), path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw code === undefined ? error : toHostError(error, 'read', file);
  }
}
