import type { Binding } from './binding.ts';

export interface MountCalls {
  mount(source: string, target: string, type: string | null, flags: number, data: string | null): void;
  unmount(target: string, flags: number): void;
  /** mount_setattr(2) with attributes to set; throws `ENOSYS` before Linux 5.12. */
  setMountAttributes(target: string, attributes: number, recursive: boolean): void;
  changeRoot(path: string): void;
  /** Of the calling thread, where that has one of its own; Node is not told. */
  changeDirectory(path: string): void;
  /** The same with a directory that is open. */
  changeDirectoryTo(fd: number): void;
  /** Writes what lies in the cache for the file system that holds the open file. */
  syncFileSystem(fd: number): void;
}

/** Flags of mount(2), umount2(2) and mount_setattr(2), from the kernel's uapi headers. */
export const MountFlag = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  move: 8192,
  recursive: 16384,
  private: 262144,
} as const;
export const UNMOUNT_DETACH = 2;
export const MountAttribute = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8 } as const;

const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
const SYS_MOUNT_SETATTR = 442;
const ATTRIBUTES_SIZE = 32;

export function mountCalls({ declare, check }: Binding): MountCalls {
  const mount = declare(
    'int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)',
  );
  const umount2 = declare('int umount2(const char *target, int flags)');
  const syscall = declare('long syscall(long number, int dfd, const char *path, uint flags, void *attr, size_t size)');
  const chroot = declare('int chroot(const char *path)');
  const chdir = declare('int chdir(const char *path)');
  const fchdir = declare('int fchdir(int fd)');
  const syncfs = declare('int syncfs(int fd)');

  return {
    mount: (source, target, type, flags, data) =>
      void check(mount(source, target, type, flags, data), `mount ${type ?? source} on`, target),
    unmount: (target, flags) => void check(umount2(target, flags), 'umount', target),
    setMountAttributes(target, attributes, recursive) {
      const attr = Buffer.alloc(ATTRIBUTES_SIZE);
      attr.writeUInt32LE(attributes, 0);
      const flags = recursive ? AT_RECURSIVE : 0;
      check(syscall(SYS_MOUNT_SETATTR, AT_FDCWD, target, flags, attr, attr.length), 'mount_setattr', target);
    },
    changeRoot: (path) => void check(chroot(path), 'chroot', path),
    changeDirectory: (path) => void check(chdir(path), 'chdir', path),
    changeDirectoryTo: (fd) => void check(fchdir(fd), 'fchdir', String(fd)),
    syncFileSystem: (fd) => void check(syncfs(fd), 'syncfs', String(fd)),
  };
}
