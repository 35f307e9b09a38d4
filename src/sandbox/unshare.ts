import type { Sandbox, SandboxRun } from '../core/sandbox.ts';
import { loadLibc } from '../io/libc/libc.ts';
import { type CoveredRootOptions, createCoveredRoot } from './covered-root.ts';
import { inOwnNamespaces } from './own-namespaces.ts';
import { sandboxFailed } from './program.ts';

/**
 * Runs commands with util-linux alone: new mount, PID, IPC and UTS namespaces (and a network namespace without any
 * interface but loopback, if wanted).
 */
export function createUnshare(options: CoveredRootOptions): Sandbox {
  const libc = loadLibc();
  const covers = (run: SandboxRun): boolean => libc !== undefined && run.terminal === undefined;
  return createCoveredRoot({
    method: 'unshare',
    options,
    covers,
    enter(words, { root, command, run }) {
      // A thread of a user namespace cannot come back to the network of the machine: the program enters its own.
      const kinds = [...(libc === undefined ? MADE_BY_PROGRAM : []), ...(command.network === 'none' ? ['--net'] : [])];
      const [program = '', ...args] = kinds.length === 0 ? words : [options.tools.unshare, ...kinds, ...words];
      if (libc === undefined) return { program, args };
      const covering = covers(run) ? root : undefined;
      return { program, args, around: (fork) => enterNamespaces({ libc, command, root: covering }, fork) };
    },
  });
}

const MADE_BY_PROGRAM = ['--mount', '--ipc', '--uts', '--pid', '--fork', '--kill-child'];

function enterNamespaces<T>(namespaces: Parameters<typeof inOwnNamespaces>[0], fork: () => T): T {
  try {
    return inOwnNamespaces(namespaces, fork);
  } catch (error) {
    throw sandboxFailed(
      'the sandbox could not be set up with unshare',
      [error instanceof Error ? error.message : ''],
      error,
    );
  }
}
