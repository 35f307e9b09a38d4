import { closeSync, openSync } from 'node:fs';
import type { Sandbox, SandboxCommand } from '../core/sandbox.ts';
import { loadLibc } from '../io/libc/libc.ts';
import { NamespaceFlag } from '../io/libc/namespaces.ts';
import { type CoveredRootOptions, createCoveredRoot } from './covered-root.ts';

/**
 * Runs commands with util-linux alone: new mount, PID, IPC and UTS namespaces (and a network namespace without any
 * interface but loopback, if wanted).
 */
export function createUnshare(options: CoveredRootOptions): Sandbox {
  return createCoveredRoot({
    method: 'unshare',
    options,
    enter: (program, command) => ({
      program: options.tools.unshare,
      args: [...namespaceArguments(command), ...program],
      around: (fork) => inOwnNamespaces(command.hostname, fork),
    }),
  });
}

function namespaceArguments({ network }: SandboxCommand): string[] {
  return [
    ...['--mount', '--ipc'],
    ...(loadLibc() === undefined ? ['--uts', '--pid', '--fork', '--kill-child'] : []),
    ...(network === 'none' ? ['--net'] : []),
  ];
}

/**
 * Forks in a new UTS and a new PID namespace, so that the program itself is the init process of the latter: its exit
 * code is the command's, where `unshare --fork` would stand in between (and util-linux 2.38 fails when SIGKILL ended
 * the command). The thread leaves the PID namespace at once; its former UTS namespace is of no use to anybody.
 */
function inOwnNamespaces<T>(hostname: string, fork: () => T): T {
  const libc = loadLibc();
  if (libc === undefined) return fork();
  const own = openSync('/proc/thread-self/ns/pid', 'r');
  libc.unshare(NamespaceFlag.uts | NamespaceFlag.pid);
  try {
    libc.setHostname(hostname);
    return fork();
  } finally {
    libc.setNamespace(own, NamespaceFlag.pid);
    closeSync(own);
  }
}
