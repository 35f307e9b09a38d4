import { HostError, isBuilderError } from '../core/errors.ts';

const KNOWN: Readonly<Record<string, { readonly code: string; readonly hint: string }>> = {
  ENOSPC: { code: 'HOST_DISK_FULL', hint: 'free some space, or choose another folder with --cache-dir or dest=' },
  EDQUOT: { code: 'HOST_DISK_FULL', hint: 'the disk quota is used up: free some space or choose another folder' },
  EACCES: { code: 'HOST_PERMISSION', hint: 'check who owns the path and its mode, or choose another place' },
  EPERM: { code: 'HOST_PERMISSION', hint: 'check who owns the path and its mode, or choose another place' },
  EROFS: { code: 'HOST_READ_ONLY', hint: 'the file system is mounted read-only: choose another place' },
  ENOENT: { code: 'HOST_NOT_FOUND', hint: 'check the path; missing parents are made where that is safe' },
  ENOTDIR: { code: 'HOST_NOT_A_DIRECTORY', hint: 'a component of the path is a file' },
  EISDIR: { code: 'HOST_IS_A_DIRECTORY', hint: 'give the path of a file' },
  EEXIST: { code: 'HOST_EXISTS', hint: 'remove what is there, or choose another name' },
  EMFILE: { code: 'HOST_TOO_MANY_FILES', hint: 'raise the limit of open files (ulimit -n)' },
};

/** The errno text (`ENOENT`) of a Node system error. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Names of errno(3), unlike Node's own `ABORT_ERR` and `ERR_…`. */
const ERRNO = /^E[A-Z0-9]+$/;

/** Wraps a system error as a {@link HostError} that says what was being done; every other error passes unchanged. */
export function toHostError(error: unknown, doing: string, path?: string): unknown {
  const errno = errnoOf(error);
  if (isBuilderError(error) || errno === undefined || !ERRNO.test(errno)) return error;
  const known = KNOWN[errno] ?? { code: 'HOST_IO', hint: undefined };
  const where = path === undefined ? '' : ` ${path}`;
  return new HostError(known.code, `cannot ${doing}${where}: ${describeErrno(errno)}`, {
    hint: known.hint,
    cause: error,
  });
}

/** What a system error says, for people: `permission denied (EACCES)`. */
export function errnoText(error: unknown): string {
  return describeErrno(errnoOf(error) ?? 'unknown error');
}

function describeErrno(errno: string): string {
  const texts: Readonly<Record<string, string>> = {
    ENOSPC: 'no space left on the device',
    EDQUOT: 'disk quota exceeded',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EROFS: 'read-only file system',
    ENOENT: 'no such file or directory',
    ENOTDIR: 'not a directory',
    EISDIR: 'is a directory',
    EEXIST: 'it exists already',
    EMFILE: 'too many open files',
  };
  return texts[errno] === undefined ? errno : `${texts[errno]} (${errno})`;
}
