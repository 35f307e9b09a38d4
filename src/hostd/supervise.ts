import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { loadLibc } from '../io/libc/libc.ts';
import { descendantsOf } from '../io/process-tree.ts';

export interface Supervision {
  /** File that marks that the program was started. */
  readonly started: string;
  /** Program and arguments. */
  readonly words: readonly string[];
}

/**
 * Runs a program where no PID namespace ends what it leaves behind: processes whose parents are gone become children of
 * this one, whatever sessions they made. It ends with the program, on SIGTERM, and with whoever started it; none of them
 * outlives it.
 */
export function supervise({ started, words: [program = '', ...args] }: Supervision): void {
  loadLibc()?.superviseDescendants(constants.signals.SIGTERM);
  // Keys of a terminal mean the command.
  for (const key of ['SIGINT', 'SIGQUIT'] as const) process.on(key, () => {});
  process.on('SIGTERM', () => end(128 + constants.signals.SIGTERM));
  const child = spawn(program, args, { stdio: 'inherit' });
  child.on('spawn', () => writeFileSync(started, ''));
  child.on('error', () => end(1));
  child.on('exit', (code, signal) => end(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
}

function end(exitCode: number): never {
  for (let left = descendantsOf(process.pid); left.length > 0; left = descendantsOf(process.pid)) {
    for (const pid of left) kill(pid);
    loadLibc()?.reapChildren();
    pause();
  }
  process.exit(exitCode);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** Processes take a moment to end; nothing else is to be done meanwhile. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
