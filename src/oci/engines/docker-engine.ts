import { Readable } from 'node:stream';
import { HostError } from '../../core/errors.ts';
import type { Bytes } from '../../core/ports.ts';
import { environment } from '../../io/host.ts';
import { errnoOf } from '../../io/host-error.ts';
import { objectIn } from '../image/json.ts';
import type { Engine } from './engine.ts';

const DEFAULT_SOCKET = '/var/run/docker.sock';

/** The Docker Engine of this machine, by its API on a socket (`DOCKER_HOST`, else docker's own path). */
export function dockerEngine(signal?: AbortSignal): Engine {
  return {
    name: 'docker',
    async isThere() {
      try {
        await call({ method: 'GET', path: '/_ping', signal });
        return true;
      } catch (error) {
        if (isAbsent(error)) return false;
        throw error;
      }
    },
    async load(archive) {
      const response = await call({ method: 'POST', path: '/images/load?quiet=1', body: archive, signal });
      // The engine answers 200 before it has read all, and tells of failures in lines of JSON.
      const failure = response.text
        .split('\n')
        .map(errorOf)
        .find((text) => text !== undefined);
      if (failure !== undefined) throw refused(failure);
    },
    async save(image, write) {
      await call({ method: 'GET', path: `/images/${encodeURIComponent(image)}/get`, signal, read: write });
    },
  };
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: Bytes;
  readonly signal: AbortSignal | undefined;
  /** Reads a good answer; else it is kept as text. */
  readonly read?: (body: Bytes) => Promise<unknown>;
}

async function call({ method, path, body, signal, read }: Call): Promise<{ readonly text: string }> {
  const { Client } = await import('undici');
  const socketPath = socketOf();
  const client = new Client('http://localhost', { socketPath });
  try {
    const answer = await client.request({
      method,
      path,
      body: body === undefined ? null : Readable.from(body),
      headers: { host: 'localhost', ...(body !== undefined && { 'content-type': 'application/x-tar' }) },
      headersTimeout: 0,
      bodyTimeout: 0,
      signal: signal ?? null,
    });
    const isGood = answer.statusCode === 200;
    if (isGood && read !== undefined) return { text: String(await read(answer.body)) };
    const text = await answer.body.text();
    if (!isGood) throw refused(messageOf(text) ?? `status ${answer.statusCode}`);
    return { text };
  } catch (error) {
    signal?.throwIfAborted();
    throw isConnectError(error) ? notRunning(socketPath, error) : error;
  } finally {
    await client.destroy();
  }
}

function socketOf(): string {
  const host = environment('DOCKER_HOST') ?? `unix://${DEFAULT_SOCKET}`;
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  throw new HostError('HOST_ENGINE_UNAVAILABLE', `DOCKER_HOST is ${JSON.stringify(host)}, which is no socket`, {
    hint: 'lamella loads into a Docker Engine of this machine; push to a registry to reach another one',
  });
}

function isAbsent(error: unknown): boolean {
  return error instanceof HostError && ['ENOENT', 'ECONNREFUSED'].includes(errnoOf(error.cause) ?? '');
}

function isConnectError(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '');
}

function notRunning(socketPath: string, cause: unknown): HostError {
  const denied = ['EACCES', 'EPERM'].includes(errnoOf(cause) ?? '');
  const what = denied ? `may not use ${socketPath}` : `no Docker Engine answers at ${socketPath}`;
  return new HostError('HOST_ENGINE_UNAVAILABLE', what, {
    hint: denied
      ? 'become a member of the group that owns the socket, or write -o type=docker,dest=FILE'
      : 'start it, set DOCKER_HOST, install podman, or write -o type=docker,dest=FILE',
    cause,
  });
}

function refused(message: string): HostError {
  return new HostError('HOST_ENGINE_REFUSED', `the Docker Engine says: ${message.slice(0, 300)}`, {
    hint: 'check the name of the image; engines before 23 do not read zstd layers',
  });
}

function errorOf(line: string): string | undefined {
  const { error } = objectIn(line);
  return typeof error === 'string' ? error : undefined;
}

function messageOf(text: string): string | undefined {
  const { message } = objectIn(text);
  return typeof message === 'string' ? message : undefined;
}
