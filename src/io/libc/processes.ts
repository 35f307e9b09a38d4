import type { Binding } from './binding.ts';

export interface ProcessCalls {
  /** Both ends of a new pipe, closed on exec: `[read, write]`. */
  makePipe(): readonly [number, number];
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
  /** Replaces this process by a program. */
  execute(path: string, argv: readonly string[], env: readonly string[]): void;
}

const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const SIGPIPE = 13;
const DEFAULT_ACTION = 0;
const RLIMIT_NOFILE = 7;
const PR_SET_PDEATHSIG = 1;
const PR_SET_CHILD_SUBREAPER = 36;
const ANY_CHILD = -1;
const WNOHANG = 1;

export function processCalls({ declare, check }: Binding): ProcessCalls {
  const pipe2 = declare('int pipe2(_Out_ int *fds, int flags)');
  const fcntl = declare('int fcntl(int fd, int command, int argument)');
  const signal = declare('intptr_t signal(int number, intptr_t handler)');
  const setrlimit = declare('int setrlimit(int resource, const uint64_t *limits)');
  const prctl = declare('int prctl(int option, ulong value, ulong third, ulong fourth, ulong fifth)');
  const waitpid = declare('int waitpid(int pid, int *status, int options)');
  const execve = declare('int execve(const char *path, const char **argv, const char **envp)');

  return {
    makePipe() {
      const ends = [0, 0];
      check(pipe2(ends, O_CLOEXEC), 'pipe2', '');
      return [ends[0] ?? -1, ends[1] ?? -1];
    },
    passStream(fd) {
      const control = (command: number, argument: number): number =>
        check(fcntl(fd, command, argument), 'fcntl', String(fd));
      control(F_SETFD, 0);
      control(F_SETFL, control(F_GETFL, 0) & ~O_NONBLOCK);
    },
    restoreSignals: () => void signal(SIGPIPE, DEFAULT_ACTION),
    limitOpenFiles(soft, hard) {
      const limits = BigUint64Array.from([soft, hard], (limit) => BigInt.asUintN(64, BigInt(limit)));
      check(setrlimit(RLIMIT_NOFILE, limits), 'setrlimit', 'RLIMIT_NOFILE');
    },
    superviseDescendants(deathSignal) {
      check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 'prctl', 'PR_SET_CHILD_SUBREAPER');
      check(prctl(PR_SET_PDEATHSIG, deathSignal, 0, 0, 0), 'prctl', 'PR_SET_PDEATHSIG');
    },
    reapChildren() {
      while (waitpid(ANY_CHILD, null, WNOHANG) > 0);
    },
    execute: (path, argv, env) => void check(execve(path, [...argv, null], [...env, null]), 'execve', path),
  };
}
