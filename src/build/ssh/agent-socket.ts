import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { OptionError } from '../../core/errors.ts';
import { environment, processId } from '../../io/host.ts';
import { toHostError } from '../../io/host-error.ts';
import { makeFolder } from '../../io/make-folder.ts';
import type { SshAccess } from '../options.ts';
import { type Agent, createForwardingAgent, createKeyAgent } from './agent.ts';
import { parsePrivateKey } from './private-key.ts';
import { messagesOf, sshString } from './wire.ts';

/** A socket on which an agent answers until it is disposed. */
export interface AgentSocket extends Disposable {
  readonly path: string;
  /** Another name of it, short enough for an address of a socket, for processes that this one starts. */
  readonly shortPath: string;
}

/**
 * Opens a new socket in `folder`, which must be new or empty, for the agent or the keys that were given.
 * @throws OptionError `OPTION_NO_SSH_AGENT`, `OPTION_BAD_SSH_KEY`; HostError for a file that cannot be read
 */
export async function openAgentSocket(access: SshAccess, folder: string): Promise<AgentSocket> {
  const agent = toAgent(access);
  makeFolder(folder);
  // An address has 107 bytes at most, and the path of a cache may be longer.
  const directory = openSync(folder, 'r');
  const shortPath = `/proc/${processId()}/fd/${directory}/agent`;
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket.on('close', () => connections.delete(socket)));
    void serve(socket, agent);
  });
  try {
    await listen(server, shortPath);
  } catch (error) {
    closeSync(directory);
    throw toHostError(error, 'open a socket in', folder);
  }
  return {
    path: join(folder, 'agent'),
    shortPath,
    [Symbol.dispose]() {
      if (!server.listening) return;
      for (const socket of connections) socket.destroy();
      server.close(() => closeSync(directory));
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

/** One message after the other; a connection that breaks off is nobody's error. */
async function serve(socket: Socket, agent: Agent): Promise<void> {
  try {
    for await (const message of messagesOf(socket)) socket.write(sshString(await agent(message)));
  } catch {
  } finally {
    socket.destroy();
  }
}

function toAgent({ id, paths = [] }: SshAccess): Agent {
  const [first] = paths;
  if (first === undefined) return createForwardingAgent(usersAgent(id));
  if (isSocket(first)) return createForwardingAgent(first);
  return createKeyAgent(paths.map((path) => parsePrivateKey(read(path), path)));
}

function usersAgent(id: string): string {
  const path = environment('SSH_AUTH_SOCK');
  if (path !== undefined && path !== '') return path;
  throw new OptionError(
    'OPTION_NO_SSH_AGENT',
    `ssh ${JSON.stringify(id)}: there is no agent, SSH_AUTH_SOCK is not set`,
    {
      hint: `start one (eval "$(ssh-agent)"; ssh-add), or give keys with --ssh ${id}=FILE`,
    },
  );
}

function isSocket(path: string): boolean {
  return onKey(path, () => statSync(path)).isSocket();
}

/** A pipe or a device would keep the build waiting for ever, unless it is one of this process, as the shell's `<(…)` is. */
function read(path: string): string {
  const isKey = /^\/(?:dev\/fd|proc)\//.test(path) || onKey(path, () => statSync(path)).isFile();
  if (isKey) return onKey(path, () => readFileSync(path, 'utf8'));
  throw new OptionError('OPTION_BAD_SSH_KEY', `${JSON.stringify(path)} is neither a key nor the socket of an agent`, {
    hint: 'give the file of a private key, or the socket that SSH_AUTH_SOCK names',
  });
}

function onKey<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw toHostError(error, 'read the ssh key', path);
  }
}
