import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { CertificateOptions } from './certificates.ts';
import { type Connections, openConnections } from './connections.ts';
import { LINK_LOCAL_CODE } from './guarded-lookup.ts';
import { type HttpBody, type HttpRequest, type HttpResponse, sizeOf, type Timeouts, type Transport } from './http.ts';
import { isLinkLocal } from './link-local.ts';
import { createPlainClient, type PlainClient } from './plain-client.ts';
import { badRedirect, followRedirect, isRedirect, MAX_REDIRECTS } from './redirect.ts';
import { tooSlow, toUnreachable } from './unreachable.ts';

export const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 15_000, headersMs: 120_000, idleMs: 60_000 };

/** Who sends less than this keeps a build waiting for ever without ever being silent. */
export const MIN_BYTES_PER_SECOND = 512;

export interface TransportOptions extends CertificateOptions {
  readonly userAgent: string;
  readonly timeouts: Timeouts;
  /** How names become addresses. Default: as the system does. */
  readonly lookup?: LookupFunction | undefined;
  readonly signal?: AbortSignal | undefined;
}

const DISCARD_LIMIT = 64 << 10;

type Send = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * HTTP by Node's own client until a request needs undici, which takes longer to load: uploads and proxies do. Builds that
 * fetch and push nothing do without.
 * Loopback is never reached through a proxy.
 */
export function createTransport(options: TransportOptions): Transport {
  const plain = createPlainClient(options);
  let connections: Promise<Connections> | undefined;
  const sendOnce: Send = async (request) => {
    refuseLinkLocal(request);
    if (connections === undefined && plain.takes(request)) return await sendPlainly(plain, request, options);
    connections ??= openConnections({ ...options, connectMs: options.timeouts.connectMs });
    return dispatch(await connections, request, options);
  };
  return {
    send: (request) => sendFollowing(sendOnce, request),
    async close() {
      plain.close();
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

/** An address that is a number is never looked up. */
function refuseLinkLocal(request: HttpRequest): void {
  if (request.isForeign !== true || !isLinkLocal(request.url)) return;
  throw toUnreachable(Object.assign(new Error('link-local'), { code: LINK_LOCAL_CODE }), request);
}

async function sendPlainly(
  client: PlainClient,
  request: HttpRequest,
  { userAgent, timeouts, signal }: TransportOptions,
): Promise<HttpResponse> {
  const fail = failureOf(request, signal);
  try {
    const answer = await client.send(request, headersOf(request, userAgent));
    return toResponse(answer, { url: request.url, fail, idleMs: timeouts.idleMs });
  } catch (error) {
    throw fail(error);
  }
}

async function dispatch(
  connections: Connections,
  request: HttpRequest,
  { userAgent, timeouts, signal }: TransportOptions,
): Promise<HttpResponse> {
  const { method, url, body } = request;
  const fail = failureOf(request, signal);
  try {
    const answer = await connections.request(url, {
      method,
      headers: headersOf(request, userAgent),
      body: body === undefined ? null : toUndiciBody(body),
      dispatcher: connections.for(request),
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

function failureOf(request: HttpRequest, signal: AbortSignal | undefined): (error: unknown) => unknown {
  return (error) => (signal?.aborted ? signal.reason : toUnreachable(error, request));
}

function headersOf({ headers, authorization, body }: HttpRequest, userAgent: string): Record<string, string> {
  return {
    'user-agent': userAgent,
    ...headers,
    ...(authorization !== undefined && { authorization }),
    ...(body !== undefined && { 'content-length': String(sizeOf(body)) }),
  };
}

interface Answering {
  readonly url: URL;
  readonly fail: (error: unknown) => unknown;
  readonly idleMs: number;
}

type Answer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'> & {
  readonly body: Readable & Pick<Dispatcher.ResponseData['body'], 'dump'>;
};

function toResponse(answer: Answer, answering: Answering): HttpResponse {
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
