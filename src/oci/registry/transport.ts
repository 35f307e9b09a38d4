import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { CertificateOptions } from './certificates.ts';
import { type Connections, openConnections } from './connections.ts';
import type { HttpBody, HttpRequest, HttpResponse, Transport } from './http.ts';
import { badRedirect, followRedirect, isRedirect, MAX_REDIRECTS } from './redirect.ts';
import { tooSlow, toUnreachable } from './unreachable.ts';

/** Limits in milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the end of the request to the answer's headers; a registry hashes what was uploaded meanwhile. */
  readonly headersMs: number;
  /** Between two pieces of a body; and in so long at least `MIN_BYTES_PER_SECOND` must come on average. */
  readonly idleMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 15_000, headersMs: 120_000, idleMs: 60_000 };

/** Who sends less than this keeps a build waiting for ever without ever being silent. */
export const MIN_BYTES_PER_SECOND = 512;

export interface TransportOptions extends CertificateOptions {
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
    connections ??= openConnections({ ...options, connectMs: options.timeouts.connectMs });
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
    return toResponse(answer, { url, fail, idleMs: timeouts.idleMs });
  } catch (error) {
    throw fail(error);
  }
}

interface Answering {
  readonly url: URL;
  readonly fail: (error: unknown) => unknown;
  readonly idleMs: number;
}

function toResponse(answer: Dispatcher.ResponseData, answering: Answering): HttpResponse {
  return {
    status: answer.statusCode,
    headers: firstValues(answer.headers),
    url: answering.url,
    body: { [Symbol.asyncIterator]: () => readBody(answer.body, answering) },
    discard() {
      // A short rest is read, so that the connection can be used again; an error of it is nobody's error.
      answer.body.dump({ limit: DISCARD_LIMIT }).catch(() => undefined);
    },
  };
}

async function* readBody(body: Readable, { url, fail, idleMs }: Answering): AsyncGenerator<Uint8Array, void> {
  const pace = createPace(idleMs);
  try {
    for (const chunks = body[Symbol.asyncIterator](); ; ) {
      const askedMs = performance.now();
      const next = await chunks.next();
      if (next.done === true) return;
      const chunk = next.value as Uint8Array;
      if (pace.isTooSlow(chunk.length, performance.now() - askedMs)) throw tooSlow(url);
      yield chunk;
    }
  } catch (error) {
    throw fail(error);
  } finally {
    body.destroy();
  }
}

/** Counts only the time that was spent waiting for the other side. */
function createPace(windowMs: number): { isTooSlow(bytes: number, waitedMs: number): boolean } {
  let window = { bytes: 0, waitedMs: 0 };
  return {
    isTooSlow(bytes, waitedMs) {
      window = { bytes: window.bytes + bytes, waitedMs: window.waitedMs + waitedMs };
      if (window.waitedMs < windowMs) return false;
      const enough = window.bytes * 1000 >= window.waitedMs * MIN_BYTES_PER_SECOND;
      window = { bytes: 0, waitedMs: 0 };
      return !enough;
    },
  };
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
