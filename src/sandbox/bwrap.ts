import type { Sandbox, SandboxCommand } from '../core/sandbox.ts';
import { type CoveredRootOptions, createCoveredRoot } from './covered-root.ts';

export interface BwrapOptions extends CoveredRootOptions {
  readonly program: string;
}

/**
 * Runs commands with bubblewrap, which makes the namespaces; the rest is done as with `unshare`. bubblewrap always sets
 * no_new_privs: setuid programs such as sudo give no rights here.
 */
export function createBwrap({ program, ...options }: BwrapOptions): Sandbox {
  return createCoveredRoot({
    method: 'bwrap',
    options,
    enter: (words, { command }) => ({ program, args: [...namespaceArguments(command), '--', ...words] }),
  });
}

function namespaceArguments({ hostname, network }: SandboxCommand): string[] {
  return [
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--as-pid-1', '--die-with-parent'],
    ...['--hostname', hostname === '' ? 'localhost' : hostname],
    ...(network === 'none' ? ['--unshare-net'] : []),
    ...['--dev-bind', '/', '/', '--cap-add', 'ALL'],
  ];
}
