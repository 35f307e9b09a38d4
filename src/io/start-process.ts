import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { loadBuiltIn } from './built-ins.ts';
import { onChildEnd } from './host.ts';
import { type Libc, loadLibc } from './libc/libc.ts';
import { findProgram } from './programs.ts';

export interface ProcessRequest {
  /** A path, or a name that is looked for where the host's programs are. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Become its standard output and error; null where there are none. */
  readonly output?: readonly [number, number] | undefined;
}

export interface StartedProcess {
  /** `undefined` when it could not be started. */
  readonly pid: number | undefined;
  /** False as soon as its id may be another's. */
  readonly isRunning: boolean;
  /** Its exit code, 128 and more for a signal. Rejects when it could not be started. */
  readonly ended: Promise<number>;
}

/**
 * Starts a program with null input, as the leader of a session of its own. By the C library where that is possible: Node
 * copies the page tables of its whole memory for it, which takes some 4 ms where a command itself takes 10.
 */
export function startProcess(request: ProcessRequest): StartedProcess {
  const libc = loadLibc();
  // A thread is told of no signals; and only Node changes the directory on the way.
  return libc === undefined || !isMainThread || request.cwd !== '/' ? startByNode(request) : startByLibc(libc, request);
}

function startByNode({ program, args, env, cwd, output }: ProcessRequest): StartedProcess {
  const [stdout, stderr] = output ?? ['ignore' as const, 'ignore' as const];
  const { spawn } = loadBuiltIn('node:child_process');
  const child = spawn(program, args, { stdio: ['ignore', stdout, stderr], env, cwd, detached: true });
  return {
    pid: child.pid,
    get isRunning() {
      return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    },
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    }),
  };
}

function startByLibc(libc: Libc, { program, args, env, output }: ProcessRequest): StartedProcess {
  try {
    const path = program.includes('/') ? program : (findProgram(program) ?? program);
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return new LibcProcess(libc, libc.spawn({ path, argv: [program, ...args], env: variables, output }));
  } catch (error) {
    const ended = Promise.reject<number>(error);
    // As with an event that nobody listens to.
    ended.catch(() => {});
    return { pid: undefined, isRunning: false, ended };
  }
}

/** Keeps this process alive until it has ended, as a child of Node's own does. */
class LibcProcess implements StartedProcess {
  readonly pid: number;
  readonly ended: Promise<number>;
  isRunning = true;

  constructor(libc: Libc, pid: number) {
    this.pid = pid;
    this.ended = new Promise((resolve) => {
      const look = (): void => {
        const status = libc.statusOf(pid);
        if (status === undefined) return;
        stop();
        this.isRunning = false;
        resolve(exitCodeOf(status));
      };
      const stop = onChildEnd(look);
      // It may have ended before anybody listened.
      look();
    });
  }
}

/** The macros of wait(2). */
function exitCodeOf(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}
