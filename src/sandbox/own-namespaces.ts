import { closeSync, openSync } from 'node:fs';
import type { SandboxCommand } from '../core/sandbox.ts';
import type { Libc } from '../io/libc/libc.ts';
import { MountFlag } from '../io/libc/mounts.ts';
import { NamespaceFlag } from '../io/libc/namespaces.ts';

/** Those that the thread must leave again; nothing of this process asks for its host name or its message queues. */
const LEFT_AGAIN = [
  { file: 'mnt', flag: NamespaceFlag.mount },
  { file: 'pid', flag: NamespaceFlag.pid },
] as const;

export interface OwnNamespaces {
  readonly libc: Libc;
  readonly command: Pick<SandboxCommand, 'hostname'>;
  /** Covers the host's root, and is the working directory of what is forked. */
  readonly root?: string | undefined;
}

/**
 * Forks in new namespaces. What is forked is their init process itself, so that its exit code is the command's, where
 * `unshare --fork` would stand in between (and util-linux 2.38 fails when SIGKILL ended the command).
 *
 * They are those of this thread, which leaves them at once: unshare(2) of mounts gives it a root and a working directory
 * of its own, which setns(2) sets to `/` again, and other threads notice nothing. Nothing may wait in between.
 */
export function inOwnNamespaces<T>({ libc, command, root }: OwnNamespaces, fork: () => T): T {
  const own = LEFT_AGAIN.map(({ file, flag }) => ({ fd: openSync(`/proc/thread-self/ns/${file}`, 'r'), flag }));
  const kinds = own.reduce((all, { flag }) => all | flag, NamespaceFlag.uts | NamespaceFlag.ipc);
  try {
    libc.unshare(kinds);
    try {
      libc.setHostname(command.hostname);
      libc.mount('none', '/', null, MountFlag.recursive | MountFlag.private, null);
      if (root !== undefined) coverHost(libc, root);
      return fork();
    } finally {
      for (const { fd, flag } of own) libc.setNamespace(fd, flag);
    }
  } finally {
    for (const { fd } of own) closeSync(fd);
  }
}

function coverHost(libc: Libc, root: string): void {
  libc.changeDirectory(root);
  libc.mount('.', '/', null, MountFlag.move, null);
}
