import { closeSync, openSync } from 'node:fs';
import type { SandboxCommand } from '../core/sandbox.ts';
import type { Libc } from '../io/libc/libc.ts';
import { MountFlag } from '../io/libc/mounts.ts';
import { NamespaceFlag } from '../io/libc/namespaces.ts';

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
 * They are those of this thread, which leaves them at once; other threads notice nothing. Nothing may wait in between.
 */
export function inOwnNamespaces<T>({ libc, command, root }: OwnNamespaces, fork: () => T): T {
  const own = openOwn();
  try {
    libc.unshare(NamespaceFlag.mount | NamespaceFlag.pid | NamespaceFlag.uts | NamespaceFlag.ipc);
    try {
      libc.setHostname(command.hostname);
      libc.mount('none', '/', null, MountFlag.recursive | MountFlag.private, null);
      if (root !== undefined) coverHost(libc, root);
      return fork();
    } finally {
      goBack(libc, own);
    }
  } finally {
    for (const fd of Object.values(own)) closeSync(fd);
  }
}

/** What the thread has before, as open files. */
interface Own {
  readonly pid: number;
  readonly mount: number;
  readonly root: number;
}

function openOwn(): Own {
  const open = (path: string): number => openSync(path, 'r');
  return { pid: open('/proc/thread-self/ns/pid'), mount: open('/proc/thread-self/ns/mnt'), root: open('/') };
}

/**
 * Its host name is nobody's business here. Message queues and shared memory of the command end with it, where the
 * thread has others. setns(2) gives it the root of the mount namespace, which is another one in a chroot.
 */
function goBack(libc: Libc, { pid, mount, root }: Own): void {
  try {
    libc.setNamespace(pid, NamespaceFlag.pid);
    libc.unshare(NamespaceFlag.ipc);
  } finally {
    libc.setNamespace(mount, NamespaceFlag.mount);
    libc.changeDirectoryTo(root);
    libc.changeRoot('.');
  }
}

function coverHost(libc: Libc, root: string): void {
  libc.changeDirectory(root);
  libc.mount('.', '/', null, MountFlag.move, null);
}
