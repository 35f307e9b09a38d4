import type { Reference } from '../../core/reference.ts';
import { apiHost } from './docker-hub.ts';

const IPV4_LOOPBACK = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/** Address of a repository's API, ending in a slash. Loopback and `insecure` registries are spoken to over plain HTTP. */
export function repositoryUrl(reference: Pick<Reference, 'registry' | 'repository'>, insecure: readonly string[]): URL {
  return new URL(`${reference.repository}/`, apiRoot(reference.registry, insecure));
}

export function apiRoot(registry: string, insecure: readonly string[]): URL {
  const scheme = isPlainHttp(registry, insecure) ? 'http' : 'https';
  return new URL(`${scheme}://${apiHost(registry)}/v2/`);
}

export function isPlainHttp(registry: string, insecure: readonly string[]): boolean {
  return isLoopback(registry) || insecure.some((host) => host.toLowerCase() === registry.toLowerCase());
}

/** `localhost`, 127.0.0.0/8 and `[::1]`, with or without a port, as container engines have it. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || IPV4_LOOPBACK.test(name);
}
