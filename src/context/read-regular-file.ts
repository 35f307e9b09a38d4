import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { ContextError } from '../core/errors.ts';

/**
 * Reads a file that a context has at a path of its choice: a pipe or a device there would keep the build waiting for ever.
 * @throws ContextError `CONTEXT_UNREADABLE`; the system's error when it cannot be opened, or is a directory
 */
export function readRegularFile(path: string): Uint8Array {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (stats.isFile() || stats.isDirectory()) return readFileSync(file);
  } finally {
    closeSync(file);
  }
  throw new ContextError('CONTEXT_UNREADABLE', `cannot read ${JSON.stringify(path)}: it is not a regular file`, {
    hint: 'replace it by a file; a Dockerfile that comes through a pipe is given with --file - or --file PATH',
  });
}
