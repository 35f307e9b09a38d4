import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { environment } from '../../io/host.ts';
import { isLoopback } from './endpoint.ts';
import type { HttpBody, HttpRequest, HttpResponse, Transport } from './http.ts';
import { badRedirect, followRedirect, isRedirect, MAX_REDIRECTS } from './redirect.ts';
import { toUnreachable } from './unreachable.ts';

/** Limits in milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the end of the request to the answer's headers; a registry hashes what was uploaded meanwhile. */
  readonly headersMs: number;
  /** Between two pieces of a body. */
  readonly idleMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 15_000, headersMs: 120_000, idleMs: 60_000 };

export interface TransportOptions {
  readonly userAgent: string;
  readonly timeouts: Timeouts;
  readonly signal?: AbortSignal | undefined;
}

const DISCARD_LIMIT = 64 << 10;

type Send = (request: HttpRequest) => Promise<HttpResponse>;

/** HTTP over undici, which is loaded with the first request. Loopback is never reached through a proxy. */
export function createTransport(options: TransportOptions): Transport {
  let connections: Promise<Connections> | undefined;
  const sendOnce: Send = async (request) => {
    connections ??= openConnections(options.timeouts);
    return dispatch(await connections, request, options);
  };
  return {
    send: (request) => sendFollowing(sendOnce, request),
    async close() {
      await (await connections)?.close();
    },
  };
}

async function sendFollowing(sendOnce: Send, first: HttpRequest): Promise<HttpResponse> {
  let request = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await sendOnce(request);
    if (!isRedirect(response)) return response;
    response.discard();
    request = followRedirect(request, response);
  }
  throw badRedirect(first.url, `more than ${MAX_REDIRECTS} times`);
}

interface Connections {
  readonly request: typeof import('undici').request;
  for(url: URL): Dispatcher;
  close(): Promise<void>;
}

async function openConnections(timeouts: Timeouts): Promise<Connections> {
  const { Agent, EnvHttpProxyAgent, request } = await import('undici');
  // HTTP/1.1 only: each blob gets a connection of its own, which is what resuming and parallel transfers count on.
  const options = { connect: { timeout: timeouts.connectMs }, allowH2: false };
  const direct = new Agent(options);
  const proxied = usesProxy() ? new EnvHttpProxyAgent(options) : direct;
  return {
    request,
    for: (url) => (isLoopback(url.host) ? direct : proxied),
    close: async () => void (await Promise.all([direct.close(), proxied === direct ? undefined : proxied.close()])),
  };
}

function usesProxy(): boolean {
  return ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].some((name) => environment(name));
}

async function dispatch(
  connections: Connections,
  request: HttpRequest,
  { userAgent, timeouts, signal }: TransportOptions,
): Promise<HttpResponse> {
  const { method, url, authorization, body } = request;
  const fail = (error: unknown): unknown => (signal?.aborted ? signal.reason : toUnreachable(error, request));
  try {
    const answer = await connections.request(url, {
      method,
      headers: {
        'user-agent': userAgent,
        ...request.headers,
        ...(authorization !== undefined && { authorization }),
        ...(body !== undefined && { 'content-length': String(sizeOf(body)) }),
      },
      body: body === undefined ? null : toUndiciBody(body),
      dispatcher: connections.for(url),
      headersTimeout: timeouts.headersMs,
      bodyTimeout: timeouts.idleMs,
      signal: signal ?? null,
      // undici closes the connection after each HEAD unless told otherwise; a handshake for each blob is too much.
      reset: false,
    });
    return toResponse(answer, url, fail);
  } catch (error) {
    throw fail(error);
  }
}

function toResponse(answer: Dispatcher.ResponseData, url: URL, fail: (error: unknown) => unknown): HttpResponse {
  return {
    status: answer.statusCode,
    headers: firstValues(answer.headers),
    url,
    body: { [Symbol.asyncIterator]: () => readBody(answer.body, fail) },
    discard() {
      // A short rest is read, so that the connection can be used again; an error of it is nobody's error.
      answer.body.dump({ limit: DISCARD_LIMIT }).catch(() => undefined);
    },
  };
}

async function* readBody(body: Readable, fail: (error: unknown) => unknown): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of body) yield chunk as Uint8Array;
  } catch (error) {
    throw fail(error);
  }
}

function toUndiciBody(body: HttpBody): Uint8Array | Readable {
  return body instanceof Uint8Array ? body : Readable.from(body.bytes);
}

function sizeOf(body: HttpBody): number {
  return body instanceof Uint8Array ? body.byteLength : body.size;
}

/** Several challenges may stand in several headers: these are joined, as RFC 9110 allows. */
function firstValues(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}
