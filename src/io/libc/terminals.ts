import type { Binding } from './binding.ts';

export interface TerminalCalls {
  /** Readies the other side of an open /dev/ptmx; gives its name in the folder of terminals (pts(4)). */
  unlockTerminal(fd: number): string;
  resizeTerminal(fd: number, columns: number, rows: number): void;
}

const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;

export function terminalCalls({ declare, check }: Binding): TerminalCalls {
  const ioctl = declare('int ioctl(int fd, ulong request, void *argument)');

  return {
    unlockTerminal(fd) {
      const value = Buffer.alloc(4);
      check(ioctl(fd, TIOCSPTLCK, value), 'ioctl TIOCSPTLCK', String(fd));
      check(ioctl(fd, TIOCGPTN, value), 'ioctl TIOCGPTN', String(fd));
      return String(value.readUInt32LE());
    },
    resizeTerminal(fd, columns, rows) {
      const size = Uint16Array.of(rows, columns, 0, 0);
      check(ioctl(fd, TIOCSWINSZ, size), 'ioctl TIOCSWINSZ', String(fd));
    },
  };
}
