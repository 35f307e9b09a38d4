import { statSync } from 'node:fs';
import { ContextError } from '../core/errors.ts';
import { errnoOf } from '../io/host-error.ts';

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);

/** True for the system error of a path that leads nowhere. */
export function isAbsent(error: unknown): boolean {
  return ABSENT.has(errnoOf(error) ?? '');
}

const OF_CONTENT = 'give yourself the right to read it, or exclude it with a line in .dockerignore';

/** For what no ignore file can leave out. */
export const OF_PLACE = 'give yourself the right to read it and to enter the directories above it';

/** @param hint default: what helps with a file that a step may copy */
export function unreadable(path: string, cause: unknown, hint: string = OF_CONTENT): ContextError {
  const why = errnoOf(cause) ?? 'unknown error';
  return new ContextError('CONTEXT_UNREADABLE', `cannot read ${JSON.stringify(path)}: ${why}`, { hint, cause });
}

/** What lies there is not what was found there before in the same build. */
export function fileChanged(path: string, cause?: unknown): ContextError {
  return new ContextError('CONTEXT_FILE_CHANGED', `${JSON.stringify(path)} changed while it was read`, {
    hint: 'build again when nothing writes into the build context any more, or exclude it with a line in .dockerignore',
    cause,
  });
}

/** @throws ContextError `CONTEXT_NOT_FOUND`, `CONTEXT_UNREADABLE` */
export function requireDirectory(path: string): void {
  try {
    if (statSync(path).isDirectory()) return;
  } catch (error) {
    if (!isAbsent(error)) throw unreadable(path, error, OF_PLACE);
    throw notFound(`build context ${JSON.stringify(path)} does not exist`, error);
  }
  throw notFound(`build context ${JSON.stringify(path)} is not a directory`);
}

function notFound(message: string, cause?: unknown): ContextError {
  return new ContextError('CONTEXT_NOT_FOUND', message, {
    hint: 'give the directory that holds the files to copy; a Dockerfile elsewhere is named with --file',
    cause,
  });
}
