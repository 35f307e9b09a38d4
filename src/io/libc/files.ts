import type { Binding } from './binding.ts';
import { deviceNumber } from './device-number.ts';

export interface FileCalls {
  makeNode(path: string, mode: number, major: number, minor: number): void;
  /** Times of the path itself; links are not followed. */
  setModificationTime(path: string, seconds: number, nanoseconds: number): void;
  /** Value of an extended attribute of the path itself, `undefined` when it has none. */
  readAttribute(path: string, name: string): Buffer | undefined;
  writeAttribute(path: string, name: string, value: Uint8Array): void;
  /** What is absent already is success. */
  removeAttribute(path: string, name: string): void;
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = (1 << 30) - 2;
const ATTRIBUTE_MAX = 65_536;
const ENODATA = 61;
const EOPNOTSUPP = 95;

export function fileCalls(binding: Binding): FileCalls {
  const { declare, check, failure } = binding;
  const mknod = declare('int mknod(const char *path, uint mode, uint64_t device)');
  const utimensat = declare('int utimensat(int dfd, const char *path, const int64_t *times, int flags)');
  const lgetxattr = declare('long lgetxattr(const char *path, const char *name, void *value, size_t size)');
  const lsetxattr = declare(
    'int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)',
  );
  const lremovexattr = declare('int lremovexattr(const char *path, const char *name)');
  const value = Buffer.alloc(ATTRIBUTE_MAX);
  const isAbsent = (): boolean => [ENODATA, EOPNOTSUPP].includes(binding.errno());

  return {
    makeNode: (path, mode, major, minor) => void check(mknod(path, mode, deviceNumber(major, minor)), 'mknod', path),
    setModificationTime(path, seconds, nanoseconds) {
      const times = [0, UTIME_OMIT, seconds, nanoseconds];
      check(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 'utimensat', path);
    },
    readAttribute(path, name) {
      const size = lgetxattr(path, name, value, value.length);
      if (size >= 0) return Buffer.from(value.subarray(0, size));
      if (isAbsent()) return undefined;
      throw failure('lgetxattr', path);
    },
    writeAttribute: (path, name, bytes) =>
      void check(lsetxattr(path, name, bytes, bytes.length, 0), `lsetxattr ${name} on`, path),
    removeAttribute(path, name) {
      if (lremovexattr(path, name) < 0 && !isAbsent()) throw failure('lremovexattr', path);
    },
  };
}
