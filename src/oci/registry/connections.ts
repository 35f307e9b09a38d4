import type { Dispatcher } from 'undici';
import { environment } from '../../io/host.ts';
import { type CertificateOptions, certificatesFor } from './certificates.ts';
import { isLoopback } from './endpoint.ts';

/** Connections that stay open between requests; loopback is never reached through a proxy. */
export interface Connections {
  readonly request: typeof import('undici').request;
  for(url: URL): Dispatcher;
  close(): Promise<void>;
}

export interface ConnectionOptions extends CertificateOptions {
  readonly connectMs: number;
}

/** Loads undici. Each host has an agent of its own, since each may have certificates of its own. */
export async function openConnections(options: ConnectionOptions): Promise<Connections> {
  const { Agent, EnvHttpProxyAgent, request } = await import('undici');
  const agents = new Map<string, Dispatcher>();

  function connect(url: URL): Dispatcher {
    const tls = { ...certificatesFor(url.host, options), timeout: options.connectMs };
    // HTTP/1.1 only: each blob gets a connection of its own, which is what resuming and parallel transfers count on.
    const direct = { connect: tls, allowH2: false };
    if (!goesThroughProxy(url)) return new Agent(direct);
    return new EnvHttpProxyAgent({ ...direct, requestTls: tls });
  }

  return {
    request,
    for(url) {
      const agent = agents.get(url.origin) ?? connect(url);
      agents.set(url.origin, agent);
      return agent;
    },
    close: async () => void (await Promise.all([...agents.values()].map((agent) => agent.close()))),
  };
}

/** Whether variables of the environment may send a request through a proxy: undici knows which. */
export function goesThroughProxy(url: URL): boolean {
  const names = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];
  return !isLoopback(url.host) && names.some((name) => environment(name));
}
