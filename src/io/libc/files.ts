import { closeSync, writeFileSync } from 'node:fs';
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
  /** A file in memory that can be executed and that nobody can change, not even its owner; closed on exec. */
  sealedFile(name: string, content: Uint8Array): number;
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = (1 << 30) - 2;
const ATTRIBUTE_MAX = 65_536;
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 16;
const F_ADD_SEALS = 1033;
/** Against more seals, shrinking, growing and writing. */
const ALL_SEALS = 0b1111;
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
  const memfdCreate = declare('int memfd_create(const char *name, uint flags)');
  const fcntl = declare('int fcntl(int fd, int command, int argument)');
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
    sealedFile(name, content) {
      const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
      const executable = memfdCreate(name, flags | MFD_EXEC);
      // Before Linux 6.3 all of them can be executed, and the flag is not known.
      const fd = executable < 0 ? check(memfdCreate(name, flags), 'memfd_create', name) : executable;
      try {
        writeFileSync(fd, content);
        check(fcntl(fd, F_ADD_SEALS, ALL_SEALS), 'fcntl F_ADD_SEALS', name);
        return fd;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    },
  };
}
