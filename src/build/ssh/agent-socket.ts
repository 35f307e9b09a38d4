import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { processId } from '../../io/host.ts';
import { toHostError } from '../../io/host-error.ts';
import { makeFolder } from '../../io/make-folder.ts';
import type { SshAccess } from '../options.ts';
import { type Agent, createForwardingAgent, createKeyAgent } from './agent.ts';
import { agentPaths, isOwnDescriptor } from './agent-paths.ts';
import { type AgentKey, parsePrivateKey } from './private-key.ts';
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

/**
 * Reads the keys that were given, so that a bad one shows before anything is done.
 * @throws as {@link openAgentSocket}
 */
export function refuseBadKeys(access: SshAccess): void {
  const found = agentPaths(access);
  if (found.kind === 'keys') for (const path of found.paths) if (!isOwnDescriptor(path)) readKey(path);
}

function toAgent(access: SshAccess): Agent {
  const found = agentPaths(access);
  return found.kind === 'socket' ? createForwardingAgent(found.path) : createKeyAgent(found.paths.map(readKey));
}

function readKey(path: string): AgentKey {
  try {
    return parsePrivateKey(readFileSync(path, 'utf8'), path);
  } catch (error) {
    throw toHostError(error, 'read the ssh key', path);
  }
}
