import type { Binding } from './binding.ts';

export interface NamespaceCalls {
  /** Moves the calling thread into new namespaces of the kinds in `flags`. */
  unshare(flags: number): void;
  /** Moves the calling thread into the namespace of an open file of /proc/PID/ns. */
  setNamespace(fd: number, kind: number): void;
  setHostname(name: string): void;
  /** Brings the loopback interface of the current network namespace up. */
  enableLoopback(): void;
}

/** Flags of unshare(2), from the kernel's uapi headers. */
export const NamespaceFlag = {
  mount: 0x00020000,
  uts: 0x04000000,
  ipc: 0x08000000,
  pid: 0x20000000,
} as const;

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;

export function namespaceCalls({ declare, check }: Binding): NamespaceCalls {
  const unshare = declare('int unshare(int flags)');
  const setns = declare('int setns(int fd, int kind)');
  const sethostname = declare('int sethostname(const char *name, size_t length)');
  const socket = declare('int socket(int domain, int type, int protocol)');
  const ioctl = declare('int ioctl(int fd, ulong request, void *argument)');
  const close = declare('int close(int fd)');

  return {
    unshare: (flags) => void check(unshare(flags), 'unshare', String(flags)),
    setNamespace: (fd, kind) => void check(setns(fd, kind), 'setns', String(fd)),
    setHostname: (name) => void check(sethostname(name, Buffer.byteLength(name)), 'sethostname', name),
    enableLoopback() {
      const request = Buffer.alloc(40);
      request.write('lo');
      request.writeInt16LE(IFF_UP, 16);
      const fd = check(socket(AF_INET, SOCK_DGRAM, 0), 'socket', 'lo');
      const result = ioctl(fd, SIOCSIFFLAGS, request);
      close(fd);
      check(result, 'ioctl SIOCSIFFLAGS', 'lo');
    },
  };
}
