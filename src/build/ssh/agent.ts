import { createConnection } from 'node:net';
import type { AgentKey } from './private-key.ts';
import { messagesOf, sshNumber, sshString, WireReader } from './wire.ts';

/** Answers one message of the agent protocol; both are without their length. */
export type Agent = (message: Buffer) => Promise<Buffer>;

const FAILURE = Buffer.from([5]);
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = Buffer.from([12]);
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = Buffer.from([14]);

/** An agent that holds some keys, in memory only. */
export function createKeyAgent(keys: readonly AgentKey[]): Agent {
  return (message) => Promise.resolve(answer(keys, message));
}

function answer(keys: readonly AgentKey[], message: Buffer): Buffer {
  if (message[0] === REQUEST_IDENTITIES) {
    const identities = keys.flatMap(({ blob, comment }) => [sshString(blob), sshString(comment)]);
    return Buffer.concat([IDENTITIES_ANSWER, sshNumber(keys.length), ...identities]);
  }
  if (message[0] !== SIGN_REQUEST) return FAILURE;
  try {
    const reader = new WireReader(message.subarray(1));
    const [blob, data, flags] = [reader.string(), reader.string(), reader.number()];
    const key = keys.find((candidate) => candidate.blob.equals(blob));
    return key === undefined ? FAILURE : Buffer.concat([SIGN_RESPONSE, sshString(key.sign(data, flags))]);
  } catch {
    return FAILURE;
  }
}

/**
 * Passes messages on to another agent: those that list keys and sign. A command of RUN has no business to add, remove or
 * lock keys of the user's agent.
 */
export function createForwardingAgent(socketPath: string): Agent {
  return async (message) => {
    if (message[0] !== REQUEST_IDENTITIES && message[0] !== SIGN_REQUEST) return FAILURE;
    const socket = createConnection(socketPath);
    try {
      socket.write(sshString(message));
      for await (const reply of messagesOf(socket)) return reply;
    } catch {
      // An agent that is gone is told to the command as one that refuses.
    } finally {
      socket.destroy();
    }
    return FAILURE;
  };
}
