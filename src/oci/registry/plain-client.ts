import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { loadBuiltIn } from '../../io/built-ins.ts';
import { type CertificateOptions, certificatesFor } from './certificates.ts';
import { connectionKey, goesThroughProxy } from './connections.ts';
import { lookupOption } from './guarded-lookup.ts';
import type { HttpRequest, Timeouts } from './http.ts';

/** An answer, in the form that undici gives. */
export interface PlainAnswer {
  readonly statusCode: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: IncomingMessage & { dump(options: { readonly limit: number }): Promise<void> };
}

/** Node's own HTTP client, for what is only fetched: loading it costs a quarter of what undici costs. */
export interface PlainClient {
  /** HEAD and GET, where no proxy is to be used. */
  takes(request: HttpRequest): boolean;
  /** Fails with codes of Node and, when time has run out, of undici. */
  send(request: HttpRequest, headers: Record<string, string>): Promise<PlainAnswer>;
  close(): void;
}

interface PlainClientOptions extends CertificateOptions {
  readonly timeouts: Timeouts;
  readonly lookup?: LookupFunction | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Protocol = typeof import('node:http') | typeof import('node:https');

export function createPlainClient(options: PlainClientOptions): PlainClient {
  const agents = new Map<string, Agent>();
  return {
    takes: ({ method, url }) => (method === 'HEAD' || method === 'GET') && !goesThroughProxy(url),
    async send(request, headers) {
      const { url } = request;
      const protocol = loadBuiltIn(url.protocol === 'https:' ? 'node:https' : 'node:http');
      const key = connectionKey(request);
      const agent = agents.get(key) ?? createAgent(protocol, request, options);
      agents.set(key, agent);
      return await exchange(protocol, { request, headers, agent, options });
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

function createAgent(protocol: Protocol, request: HttpRequest, options: PlainClientOptions): Agent {
  const { url } = request;
  const tls = url.protocol === 'https:' ? certificatesFor(url.host, options) : {};
  return new protocol.Agent({ keepAlive: true, ...tls, ...lookupOption(request, options.lookup) });
}

interface Exchange {
  readonly request: HttpRequest;
  readonly headers: Record<string, string>;
  readonly agent: Agent;
  readonly options: PlainClientOptions;
}

function exchange(protocol: Protocol, { request, headers, agent, options }: Exchange): Promise<PlainAnswer> {
  const { timeouts, signal } = options;
  return new Promise((resolve, reject) => {
    const { url, method } = request;
    const sent = protocol.request(url, { method, headers, agent, ...(signal && { signal }) });
    const limit = limitTime(sent, timeouts);
    sent.once('error', (error) => {
      limit.end();
      reject(error);
    });
    sent.once('response', (message: IncomingMessage) => {
      limit.end();
      limitSilence(message, timeouts.idleMs);
      resolve({ statusCode: message.statusCode ?? 0, headers: message.headers, body: withDump(message) });
    });
    sent.end();
  });
}

/** One limit until there is a connection, which may be an open one, and another one until there is an answer. */
function limitTime(sent: ClientRequest, { connectMs, headersMs }: Timeouts): { end(): void } {
  const endAfter = (ms: number, code: string): NodeJS.Timeout => setTimeout(() => sent.destroy(timedOut(code)), ms);
  let timer = endAfter(connectMs, 'UND_ERR_CONNECT_TIMEOUT');
  const connected = (): void => {
    clearTimeout(timer);
    timer = endAfter(headersMs, 'UND_ERR_HEADERS_TIMEOUT');
  };
  sent.once('socket', (socket) => {
    if (!socket.connecting) connected();
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
  });
  return { end: () => clearTimeout(timer) };
}

/** Ends an answer of which nothing comes any more; one whose reader takes its time is not silent. */
function limitSilence(message: IncomingMessage, idleMs: number): void {
  message.setTimeout(idleMs, () => {
    if (message.readableLength > 0) message.socket.setTimeout(idleMs);
    else message.destroy(timedOut('UND_ERR_BODY_TIMEOUT'));
  });
}

function timedOut(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** An answer of known, small length is read to its end, so that its connection stays open; HEAD has none. */
function withDump(message: IncomingMessage): PlainAnswer['body'] {
  return Object.assign(message, {
    async dump({ limit }: { readonly limit: number }): Promise<void> {
      const isShort = Number(message.headers['content-length'] ?? Number.NaN) <= limit;
      if (isShort || message.complete) message.resume();
      else message.destroy();
    },
  });
}
