import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { normalizeReference } from '../../../src/oci/registry/docker-hub.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { makeImage, publish } from '../../support/images.ts';
import { failure, testClient } from '../../support/registry/client.ts';
import { type ForwardProxy, startProxy } from '../../support/registry/proxy.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';

const VARIABLES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];

beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

/** Loopback is never reached through a proxy; this address is this machine too, but is not loopback. */
function elsewhere({ host }: TestRegistry): string {
  return host.replace('127.0.0.1', '0.0.0.0');
}

async function setup(): Promise<{ proxy: ForwardProxy; registry: TestRegistry; host: string }> {
  const registry = await startRegistry();
  const store = createMemoryStore();
  await publish(registry, 'app:1', { ...(await makeImage(store)), reader: store });
  return { proxy: await startProxy(), registry, host: elsewhere(registry) };
}

async function pull(host: string): Promise<string> {
  const client = testClient({ insecure: [host] });
  return (await client.manifest(normalizeReference(`${host}/app:1`))).descriptor.digest;
}

describe('a proxy', () => {
  it.each(['http_proxy', 'HTTP_PROXY'])('named by %s is asked for what is elsewhere', async (variable) => {
    const { proxy, host } = await setup();
    vi.stubEnv(variable, proxy.url);
    expect(await pull(host)).toMatch(/^sha256:/);
    expect(proxy.requests.join()).toContain(host);
  });

  it('is shown the user of its address, and the registry is not', async () => {
    const { proxy, registry, host } = await setup();
    vi.stubEnv('HTTP_PROXY', proxy.url.replace('http://', 'http://ann:secret@'));
    await pull(host);
    const shown = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
    expect(new Set(proxy.authorizations)).toEqual(new Set([shown]));
    expect(registry.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it.each(['0.0.0.0', '*'])('is passed by for the hosts of NO_PROXY (%s)', async (hosts) => {
    const { proxy, host } = await setup();
    vi.stubEnv('HTTP_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', hosts);
    await pull(host);
    expect(proxy.requests).toEqual([]);
  });

  it('is passed by for loopback', async () => {
    const { proxy, registry } = await setup();
    vi.stubEnv('HTTP_PROXY', proxy.url);
    await pull(registry.host);
    expect(proxy.requests).toEqual([]);
  });

  it.each(['https_proxy', 'HTTPS_PROXY'])('named by %s is a tunnel for TLS', async (variable) => {
    const { proxy, registry, host } = await setup();
    vi.stubEnv(variable, proxy.url);
    // The registry speaks no TLS, so the handshake fails, at the other end of the tunnel.
    expect(await failure(testClient().ping(host))).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(proxy.requests).toEqual([`CONNECT ${host}`]);
    expect(registry.requests).toEqual([]);
  });

  it('that cannot be reached is said', async () => {
    const { host } = await setup();
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    expect(await failure(pull(host))).toMatchObject({ code: 'REGISTRY_UNREACHABLE', hint: expect.any(String) });
  });

  it('whose password stands in its address is not shown in an error', async () => {
    const { host } = await setup();
    vi.stubEnv('HTTP_PROXY', 'http://ann:hunter2@127.0.0.1:1');
    const error = (await failure(pull(host))) as Error;
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('hunter2');
  });
});
