import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

/**
 * The few calls of the C library that Node does not offer. They are synchronous, throw a Node-like system error, and
 * need koffi (FFI): where it cannot load, {@link loadLibc} gives `undefined` and callers use programs or do without.
 */
export interface Libc {
  mount(source: string, target: string, type: string | null, flags: number, data: string | null): void;
  unmount(target: string, flags: number): void;
  /** mount_setattr(2) with attributes to set; throws `ENOSYS` before Linux 5.12. */
  setMountAttributes(target: string, attributes: number, recursive: boolean): void;
  makeNode(path: string, mode: number, major: number, minor: number): void;
  /** Times of the path itself; links are not followed. */
  setModificationTime(path: string, seconds: number, nanoseconds: number): void;
  /** Value of an extended attribute of the path itself, `undefined` when it has none. */
  readAttribute(path: string, name: string): Buffer | undefined;
  writeAttribute(path: string, name: string, value: Uint8Array): void;
  /** What is absent already is success. */
  removeAttribute(path: string, name: string): void;
  /** Both ends of a new pipe, closed on exec: `[read, write]`. */
  makePipe(): readonly [number, number];
  /** Moves the calling thread into new namespaces of the kinds in `flags`. */
  unshare(flags: number): void;
  /** Moves the calling thread into the namespace of an open file of /proc/PID/ns. */
  setNamespace(fd: number, kind: number): void;
  setHostname(name: string): void;
  changeRoot(path: string): void;
  /** Writes what lies in the cache for the file system that holds `path`. */
  syncFileSystem(fd: number): void;
  /** Brings the loopback interface of the current network namespace up. */
  enableLoopback(): void;
  /** Makes a standard stream what a program expects: inherited, and blocking. */
  passStream(fd: number): void;
  /** Undoes what Node did at its start: SIGPIPE ends a process again. */
  restoreSignals(): void;
  /** Soft and hard limit of open files; -1 is none. */
  limitOpenFiles(soft: number, hard: number): void;
  /** Processes whose parents end become children of this one, and a signal ends this one with its parent (prctl(2)). */
  superviseDescendants(deathSignal: number): void;
  /** Takes note of every child that has ended, so that none stays a zombie. */
  reapChildren(): void;
  /** Readies the other side of an open /dev/ptmx; gives its name in the folder of terminals (pts(4)). */
  unlockTerminal(fd: number): string;
  resizeTerminal(fd: number, columns: number, rows: number): void;
  /** Replaces this process by a program. */
  execute(path: string, argv: readonly string[], env: readonly string[]): void;
}

/** Flags of mount(2), umount2(2), mount_setattr(2) and unshare(2), from the kernel's uapi headers. */
export const MountFlag = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16384,
} as const;
export const UNMOUNT_DETACH = 2;
export const MountAttribute = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8 } as const;
export const NamespaceFlag = { uts: 0x04000000, pid: 0x20000000 } as const;

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_RECURSIVE = 0x8000;
const O_CLOEXEC = 0o2000000;
const SYS_MOUNT_SETATTR = 442;
const UTIME_OMIT = (1 << 30) - 2;
const ATTRIBUTE_MAX = 65_536;
const ENODATA = 61;
const EOPNOTSUPP = 95;

let loaded: Libc | null | undefined;

export function loadLibc(): Libc | undefined {
  loaded ??= bindLibc() ?? null;
  return loaded ?? undefined;
}

function bindLibc(): Libc | undefined {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    return createLibc(koffi);
  } catch {
    return undefined;
  }
}

function createLibc(koffi: typeof import('koffi')): Libc {
  const library = koffi.load(null);
  const declare = <A extends unknown[]>(prototype: string): ((...args: A) => number) =>
    library.func(prototype) as unknown as (...args: A) => number;
  const mount = declare(
    'int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)',
  );
  const umount2 = declare('int umount2(const char *target, int flags)');
  const syscall = declare('long syscall(long number, int dfd, const char *path, uint flags, void *attr, size_t size)');
  const mknod = declare('int mknod(const char *path, uint mode, uint64_t device)');
  const utimensat = declare('int utimensat(int dfd, const char *path, const int64_t *times, int flags)');
  const lgetxattr = declare('long lgetxattr(const char *path, const char *name, void *value, size_t size)');
  const lsetxattr = declare(
    'int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)',
  );
  const lremovexattr = declare('int lremovexattr(const char *path, const char *name)');
  const pipe2 = declare('int pipe2(_Out_ int *fds, int flags)');
  const unshare = declare('int unshare(int flags)');
  const setns = declare('int setns(int fd, int kind)');
  const sethostname = declare('int sethostname(const char *name, size_t length)');
  const chroot = declare('int chroot(const char *path)');
  const syncfs = declare('int syncfs(int fd)');
  const socket = declare('int socket(int domain, int type, int protocol)');
  const ioctl = declare('int ioctl(int fd, ulong request, void *argument)');
  const fcntl = declare('int fcntl(int fd, int command, int argument)');
  const close = declare('int close(int fd)');
  const signal = declare('intptr_t signal(int number, intptr_t handler)');
  const setrlimit = declare('int setrlimit(int resource, const uint64_t *limits)');
  const prctl = declare('int prctl(int option, ulong value, ulong third, ulong fourth, ulong fifth)');
  const waitpid = declare('int waitpid(int pid, int *status, int options)');
  const execve = declare('int execve(const char *path, const char **argv, const char **envp)');

  const failure = (call: string, path: string): Error => {
    const number = koffi.errno();
    const code = getSystemErrorName(-number);
    return Object.assign(new Error(`${code}: ${call} ${path}`), { code, errno: -number, syscall: call, path });
  };
  const check = (result: number, call: string, path: string): number => {
    if (result < 0) throw failure(call, path);
    return result;
  };
  const value = Buffer.alloc(ATTRIBUTE_MAX);

  return {
    mount: (source, target, type, flags, data) =>
      void check(mount(source, target, type, flags, data), `mount ${type ?? source} on`, target),
    unmount: (target, flags) => void check(umount2(target, flags), 'umount', target),
    setMountAttributes(target, attributes, recursive) {
      const attr = Buffer.alloc(32);
      attr.writeUInt32LE(attributes, 0);
      const flags = recursive ? AT_RECURSIVE : 0;
      check(syscall(SYS_MOUNT_SETATTR, AT_FDCWD, target, flags, attr, attr.length), 'mount_setattr', target);
    },
    makeNode: (path, mode, major, minor) => void check(mknod(path, mode, deviceNumber(major, minor)), 'mknod', path),
    setModificationTime: (path, seconds, nanoseconds) =>
      void check(
        utimensat(AT_FDCWD, path, [0, UTIME_OMIT, seconds, nanoseconds], AT_SYMLINK_NOFOLLOW),
        'utimensat',
        path,
      ),
    readAttribute(path, name) {
      const size = lgetxattr(path, name, value, value.length);
      if (size >= 0) return Buffer.from(value.subarray(0, size));
      if ([ENODATA, EOPNOTSUPP].includes(koffi.errno())) return undefined;
      throw failure('lgetxattr', path);
    },
    writeAttribute: (path, name, bytes) =>
      void check(lsetxattr(path, name, bytes, bytes.length, 0), `lsetxattr ${name} on`, path),
    removeAttribute(path, name) {
      if (lremovexattr(path, name) < 0 && ![ENODATA, EOPNOTSUPP].includes(koffi.errno()))
        throw failure('lremovexattr', path);
    },
    makePipe() {
      const ends = [0, 0];
      check(pipe2(ends, O_CLOEXEC), 'pipe2', '');
      return [ends[0] ?? -1, ends[1] ?? -1];
    },
    unshare: (flags) => void check(unshare(flags), 'unshare', String(flags)),
    setNamespace: (fd, kind) => void check(setns(fd, kind), 'setns', String(fd)),
    setHostname: (name) => void check(sethostname(name, Buffer.byteLength(name)), 'sethostname', name),
    changeRoot: (path) => void check(chroot(path), 'chroot', path),
    syncFileSystem: (fd) => void check(syncfs(fd), 'syncfs', String(fd)),
    enableLoopback() {
      const AF_INET = 2;
      const SOCK_DGRAM = 2;
      const SIOCSIFFLAGS = 0x8914;
      const IFF_UP = 1;
      const request = Buffer.alloc(40);
      request.write('lo');
      request.writeInt16LE(IFF_UP, 16);
      const fd = check(socket(AF_INET, SOCK_DGRAM, 0), 'socket', 'lo');
      const result = ioctl(fd, SIOCSIFFLAGS, request);
      close(fd);
      check(result, 'ioctl SIOCSIFFLAGS', 'lo');
    },
    passStream(fd) {
      const F_SETFD = 2;
      const F_GETFL = 3;
      const F_SETFL = 4;
      const O_NONBLOCK = 0o4000;
      check(fcntl(fd, F_SETFD, 0), 'fcntl', String(fd));
      check(fcntl(fd, F_SETFL, check(fcntl(fd, F_GETFL, 0), 'fcntl', String(fd)) & ~O_NONBLOCK), 'fcntl', String(fd));
    },
    restoreSignals() {
      const SIGPIPE = 13;
      signal(SIGPIPE, 0);
    },
    limitOpenFiles(soft, hard) {
      const RLIMIT_NOFILE = 7;
      const limits = new BigUint64Array([BigInt.asUintN(64, BigInt(soft)), BigInt.asUintN(64, BigInt(hard))]);
      check(setrlimit(RLIMIT_NOFILE, limits), 'setrlimit', 'RLIMIT_NOFILE');
    },
    superviseDescendants(deathSignal) {
      const PR_SET_PDEATHSIG = 1;
      const PR_SET_CHILD_SUBREAPER = 36;
      check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 'prctl', 'PR_SET_CHILD_SUBREAPER');
      check(prctl(PR_SET_PDEATHSIG, deathSignal, 0, 0, 0), 'prctl', 'PR_SET_PDEATHSIG');
    },
    reapChildren() {
      const ANY = -1;
      const WNOHANG = 1;
      while (waitpid(ANY, null, WNOHANG) > 0);
    },
    unlockTerminal(fd) {
      const TIOCSPTLCK = 0x40045431;
      const TIOCGPTN = 0x80045430;
      const value = Buffer.alloc(4);
      check(ioctl(fd, TIOCSPTLCK, value), 'ioctl TIOCSPTLCK', String(fd));
      check(ioctl(fd, TIOCGPTN, value), 'ioctl TIOCGPTN', String(fd));
      return String(value.readUInt32LE());
    },
    resizeTerminal(fd, columns, rows) {
      const TIOCSWINSZ = 0x5414;
      const size = Uint16Array.of(rows, columns, 0, 0);
      check(ioctl(fd, TIOCSWINSZ, size), 'ioctl TIOCSWINSZ', String(fd));
    },
    execute: (path, argv, env) => void check(execve(path, [...argv, null], [...env, null]), 'execve', path),
  };
}

/** The kernel's 64-bit device number as glibc's `makedev` packs it. */
export function deviceNumber(major: number, minor: number): bigint {
  const [a, b] = [BigInt(major), BigInt(minor)];
  return ((a & 0xfffff000n) << 32n) | ((a & 0xfffn) << 8n) | ((b & 0xffffff00n) << 12n) | (b & 0xffn);
}

/** Major and minor of a device number as `stat` gives it. */
export function splitDevice(device: bigint): { readonly major: number; readonly minor: number } {
  return {
    major: Number(((device >> 32n) & 0xfffff000n) | ((device >> 8n) & 0xfffn)),
    minor: Number(((device >> 12n) & 0xffffff00n) | (device & 0xffn)),
  };
}
