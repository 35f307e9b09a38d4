import type { Binding } from './binding.ts';

/** A program to start with null input, default signals, and no other descriptors than those that stay open on exec. */
export interface SpawnRequest {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** Become its standard output and error; null where there are none. */
  readonly output: readonly [number, number] | undefined;
}

export interface SpawnCalls {
  /** Starts a program as the leader of a session of its own, without a copy of this process's memory (posix_spawn(3)). */
  spawn(request: SpawnRequest): number;
  /** What wait(2) tells of a child that has ended, once. */
  statusOf(child: number): number | undefined;
}

/** Opaque structures of the C library: larger than any of them is. */
const STRUCTURE_BYTES = 512;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
const O_RDWR = 2;
const WNOHANG = 1;

export function spawnCalls({ declare, errorOf }: Binding): SpawnCalls {
  const initAttributes = declare('int posix_spawnattr_init(void *attributes)');
  const setFlags = declare('int posix_spawnattr_setflags(void *attributes, short flags)');
  const setDefaults = declare('int posix_spawnattr_setsigdefault(void *attributes, const void *signals)');
  const initActions = declare('int posix_spawn_file_actions_init(void *actions)');
  const addOpen = declare(
    'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, uint mode)',
  );
  const addCopy = declare('int posix_spawn_file_actions_adddup2(void *actions, int fd, int target)');
  const dropActions = declare('int posix_spawn_file_actions_destroy(void *actions)');
  const posixSpawn = declare(
    'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)',
  );
  const waitpid = declare('int waitpid(int pid, _Out_ int *status, int options)');
  const attributes = Buffer.alloc(STRUCTURE_BYTES);
  initAttributes(attributes);
  setFlags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  setDefaults(attributes, Buffer.alloc(STRUCTURE_BYTES, 0xff));

  return {
    spawn({ path, argv, env, output }) {
      const actions = Buffer.alloc(STRUCTURE_BYTES);
      initActions(actions);
      for (const fd of [0, 1, 2]) addOpen(actions, fd, '/dev/null', O_RDWR, 0);
      for (const [index, fd] of (output ?? []).entries()) addCopy(actions, fd, index + 1);
      const pid = [0];
      const number = posixSpawn(pid, path, actions, attributes, [...argv, null], [...env, null]);
      dropActions(actions);
      if (number !== 0) throw errorOf(number, 'spawn', path);
      return pid[0] ?? 0;
    },
    statusOf(child) {
      const status = [0];
      return waitpid(child, status, WNOHANG) === child ? status[0] : undefined;
    },
  };
}
