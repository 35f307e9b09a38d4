import { isatty } from 'node:tty';
import type { ShellTerminal } from './library.ts';

/** The terminal of this process, where its standard input and output are one; else `undefined`. */
export function processTerminal(): ShellTerminal | undefined {
  if (!isatty(0) || !isatty(1)) return undefined;
  const { stdin, stdout } = process;
  return {
    type: process.env.TERM,
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    write: (bytes) => new Promise((resolve) => void stdout.write(bytes, () => resolve())),
    onInput(listener) {
      // Each key goes to the command, Ctrl-C as well.
      stdin.setRawMode(true).on('data', listener).resume();
      return () => void stdin.off('data', listener).setRawMode(false).pause();
    },
    onResize(listener) {
      stdout.on('resize', listener);
      return () => void stdout.off('resize', listener);
    },
  };
}
