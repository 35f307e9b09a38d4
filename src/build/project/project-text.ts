import { join } from 'node:path';
import { readContainedFile } from '../../context/contained-file.ts';
import { decodeText } from '../../context/utf8.ts';
import { isBuilderError } from '../../core/errors.ts';
import { errnoOf, toHostError } from '../../io/host-error.ts';

/** Text of a file of a project; `undefined` where there is none. */
export type ReadText = (path: string) => string | undefined;

/** Reads a file of a project's folder. @throws HostError, ContextError `CONTEXT_LINK_OUTSIDE`, `CONTEXT_UNREADABLE`, `CONTEXT_NOT_UTF8` */
export function readProjectText(folder: string, path: string): string | undefined {
  const file = join(folder, path);
  try {
    return decodeText(readContainedFile(file, [folder]), path);
  } catch (error) {
    if (isBuilderError(error)) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw code === undefined ? error : toHostError(error, 'read', file);
  }
}
