import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { ContentError, HostError } from '../../src/core/errors.ts';
import { errnoOf, toHostError } from '../../src/io/host-error.ts';

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as Node words it`), { code });
}

describe('toHostError', () => {
  test.each([
    ['ENOSPC', 'HOST_DISK_FULL', 'no space left on the device'],
    ['EDQUOT', 'HOST_DISK_FULL', 'disk quota exceeded'],
    ['EACCES', 'HOST_PERMISSION', 'permission denied'],
    ['EPERM', 'HOST_PERMISSION', 'operation not permitted'],
    ['EROFS', 'HOST_READ_ONLY', 'read-only file system'],
    ['ENOENT', 'HOST_NOT_FOUND', 'no such file or directory'],
    ['ENOTDIR', 'HOST_NOT_A_DIRECTORY', 'not a directory'],
    ['EISDIR', 'HOST_IS_A_DIRECTORY', 'is a directory'],
    ['EEXIST', 'HOST_EXISTS', 'it exists already'],
    ['EMFILE', 'HOST_TOO_MANY_FILES', 'too many open files'],
  ])('%s becomes %s', (errno, code, text) => {
    const cause = systemError(errno);
    const error = toHostError(cause, 'write', '/some/file');
    expect(error).toBeInstanceOf(HostError);
    expect(error).toMatchObject({ code, cause, message: `cannot write /some/file: ${text} (${errno})` });
    expect((error as HostError).hint).toBeTruthy();
  });

  it('names an errno that it has no text for', () => {
    expect(toHostError(systemError('EXDEV'), 'rename')).toMatchObject({
      code: 'HOST_IO',
      message: 'cannot rename: EXDEV',
    });
  });

  it('wraps what Node really throws', () => {
    const missing = caught(() => readFileSync('/nowhere/at/all'));
    expect(toHostError(missing, 'read', '/nowhere/at/all')).toMatchObject({ code: 'HOST_NOT_FOUND', cause: missing });
    expect(errnoOf(caught(() => readdirSync('/dev/null')))).toBe('ENOTDIR');
  });

  it('passes an error of lamella, an abort, an error of Node itself and a plain error unchanged', () => {
    const errors = [
      new ContentError('CONTENT_NOT_FOUND', 'gone'),
      AbortSignal.abort().reason,
      systemError('ABORT_ERR'),
      systemError('ERR_STREAM_PREMATURE_CLOSE'),
      new TypeError('a bug'),
      'a string',
      undefined,
    ];
    for (const error of errors) expect(toHostError(error, 'write')).toBe(error);
  });
});
