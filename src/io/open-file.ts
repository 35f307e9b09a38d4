import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { errnoOf } from './host-error.ts';

// A link or a pipe that took the file's place is not followed or waited for. Windows has neither flag.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file to read it, unless it was replaced by a link or a pipe since it was found. With `real`, its path without
 * links, also the directories on the way must still be the ones they were; where there is no /proc, nobody can tell.
 * @throws the system's error; ELOOP for a link on the way, as the kernel says of one at the end
 */
export function openFile(path: string, real?: string): number {
  const fd = openSync(path, OPEN_FLAGS);
  if (real === undefined || leadsTo(fd, real)) return fd;
  closeSync(fd);
  throw Object.assign(new Error(`ELOOP: a link leads to another file, open '${path}'`), { code: 'ELOOP' });
}

/** proc_pid_fd(5) */
function leadsTo(fd: number, real: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === real;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    throw error;
  }
}
