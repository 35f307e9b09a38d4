import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { OptionError } from '../../core/errors.ts';
import { environment } from '../../io/host.ts';
import { errnoText } from '../../io/host-error.ts';
import type { SshAccess } from '../options.ts';

/** What signs: the socket of an agent, or files of private keys. */
export type AgentPaths =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'keys'; readonly paths: readonly string[] };

/**
 * Finds what was given and looks whether this user may open it. No key is read.
 * @throws OptionError `OPTION_NO_SSH_AGENT`, `OPTION_BAD_SSH_KEY`
 */
export function agentPaths({ id, paths = [] }: SshAccess): AgentPaths {
  const [first] = paths;
  if (first === undefined) return { kind: 'socket', path: usersAgent(id) };
  if (look(first).isSocket()) return { kind: 'socket', path: opened(first, OF_SOCKET) };
  for (const path of paths) requireKeyFile(path);
  return { kind: 'keys', paths };
}

/** Whether reading it takes it away: a descriptor of this process, as the shell's `<(…)` is. */
export function isOwnDescriptor(path: string): boolean {
  return /^\/(?:dev\/fd|proc)\//.test(path);
}

function usersAgent(id: string): string {
  const path = environment('SSH_AUTH_SOCK');
  const hint = `start one (eval "$(ssh-agent)"; ssh-add), or give keys with --ssh ${id}=FILE`;
  const no = (why: string, cause?: unknown): OptionError =>
    new OptionError('OPTION_NO_SSH_AGENT', `ssh ${JSON.stringify(id)}: there is no agent, ${why}`, { hint, cause });
  if (path === undefined || path === '') throw no('SSH_AUTH_SOCK is not set');
  try {
    if (statSync(path).isSocket()) accessSync(path, OF_SOCKET);
    else throw no(`SSH_AUTH_SOCK names ${JSON.stringify(path)}, which is no socket`);
  } catch (cause) {
    if (cause instanceof OptionError) throw cause;
    throw no(`the socket ${JSON.stringify(path)} of SSH_AUTH_SOCK cannot be opened: ${errnoText(cause)}`, cause);
  }
  return path;
}

/** Connecting takes the right to write (unix(7)). */
const OF_SOCKET: number = constants.W_OK;

/** A pipe or a device would keep the build waiting for ever, unless it is one of this process. */
function requireKeyFile(path: string): void {
  const isFile = look(path).isFile();
  if (!isFile && !isOwnDescriptor(path)) {
    throw new OptionError('OPTION_BAD_SSH_KEY', `${JSON.stringify(path)} is neither a key nor the socket of an agent`, {
      hint: 'give the file of a private key, or the socket that SSH_AUTH_SOCK names',
    });
  }
  opened(path, constants.R_OK);
}

function look(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

function opened(path: string, mode: number): string {
  try {
    accessSync(path, mode);
    return path;
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): OptionError {
  return new OptionError('OPTION_BAD_SSH_KEY', `cannot use ${JSON.stringify(path)} for ssh: ${errnoText(cause)}`, {
    hint: 'give the file of a private key, or the socket of an agent, that you may open',
    cause,
  });
}
