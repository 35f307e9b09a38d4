import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { environment } from '../../io/host.ts';
import { type CertificateOptions, certificatesFor } from './certificates.ts';
import { isLoopback } from './endpoint.ts';
import { lookupOption } from './guarded-lookup.ts';
import type { HttpRequest } from './http.ts';

/** Connections that stay open between requests; loopback is never reached through a proxy. */
export interface Connections {
  readonly request: typeof import('undici').request;
  for(request: Pick<HttpRequest, 'url' | 'isForeign'>): Dispatcher;
  close(): Promise<void>;
}

export interface ConnectionOptions extends CertificateOptions {
  readonly connectMs: number;
  /** How names become addresses. Default: as the system does. */
  readonly lookup?: LookupFunction | undefined;
}

/** Loads undici. Each host has an agent of its own, since each may have certificates of its own. */
export async function openConnections(options: ConnectionOptions): Promise<Connections> {
  const { Agent, EnvHttpProxyAgent, request } = await import('undici');
  const agents = new Map<string, Dispatcher>();

  function connect(asked: Pick<HttpRequest, 'url' | 'isForeign'>): Dispatcher {
    const { url } = asked;
    const tls = {
      ...certificatesFor(url.host, options),
      timeout: options.connectMs,
      ...lookupOption(asked, options.lookup),
    };
    // HTTP/1.1 only: each blob gets a connection of its own, which is what resuming and parallel transfers count on.
    const direct = { connect: tls, allowH2: false };
    if (!goesThroughProxy(url)) return new Agent(direct);
    return new EnvHttpProxyAgent({ ...direct, requestTls: tls });
  }

  return {
    request,
    for(asked) {
      const key = connectionKey(asked);
      const agent = agents.get(key) ?? connect(asked);
      agents.set(key, agent);
      return agent;
    },
    close: async () => void (await Promise.all([...agents.values()].map((agent) => agent.close()))),
  };
}

/** Requests of one key may share a connection: where it may lead is settled when it is made. */
export function connectionKey({ url, isForeign = false }: Pick<HttpRequest, 'url' | 'isForeign'>): string {
  return `${isForeign} ${url.origin}`;
}

/** Whether variables of the environment may send a request through a proxy: undici knows which. */
export function goesThroughProxy(url: URL): boolean {
  const names = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];
  return !isLoopback(url.host) && names.some((name) => environment(name));
}
