import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../../../src/core/image.ts';
import { MediaType } from '../../../src/core/media-types.ts';
import type { RegistryClientOptions } from '../../../src/oci/registry/client.ts';
import { normalizeReference } from '../../../src/oci/registry/docker-hub.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { makeImage, publish } from '../../support/images.ts';
import { bearerGuard } from '../../support/registry/auth.ts';
import { failure, testClient } from '../../support/registry/client.ts';
import { answer, breakOff, drip, endless, type Fault, failHalfway, reset } from '../../support/registry/faults.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';

const MANIFEST = /GET .*\/manifests\//;
const BLOB = /GET .*\/blobs\//;
const IDLE_MS = 50;
const CONTENT = Buffer.from('the content of a blob');

interface Setting {
  readonly registry: TestRegistry;
  readonly client: ReturnType<typeof testClient>;
  readonly pullManifest: () => Promise<unknown>;
  readonly pullBlob: () => Promise<string>;
  readonly pushBlob: (bytes?: Buffer) => Promise<unknown>;
}

async function setup(options: RegistryClientOptions = {}): Promise<Setting> {
  const registry = await startRegistry();
  const store = createMemoryStore();
  const image = await makeImage(store);
  const reference = normalizeReference(await publish(registry, 'app:1', { ...image, reader: store }));
  const digest = registry.putBlob('app', CONTENT) as Descriptor['digest'];
  const client = testClient(options);
  const repository = { registry: registry.host, repository: 'app' };
  return {
    registry,
    client,
    pullManifest: () => client.manifest(reference),
    async pullBlob() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of client.blob(repository, { digest, size: CONTENT.length })) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    },
    async pushBlob(bytes = Buffer.from('a new blob')) {
      const descriptor = await createMemoryStore().write(only(bytes));
      return await client.pushBlob({ ...repository, repository: 'new' }, { descriptor, bytes: again(bytes) });
    },
  };
}

async function* only(bytes: Buffer): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

function again(bytes: Buffer): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => only(bytes) };
}

function lines(registry: TestRegistry, start: string): string[] {
  return registry.requests.map(({ line }) => line).filter((line) => line.startsWith(start));
}

const JSON_TYPE = { 'content-type': MediaType.ociManifest };

/** What a hostile or broken registry does while something is pulled, and how that must end. */
const PULLS: readonly {
  readonly name: string;
  readonly fault: Fault;
  readonly pull: 'pullManifest' | 'pullBlob';
  readonly code: string;
}[] = [
  {
    name: 'a manifest of no digest',
    fault: answer(MANIFEST, {
      status: 200,
      body: '{"schemaVersion":2,"layers":[]}',
      headers: { ...JSON_TYPE, 'docker-content-digest': `sha256:${'0'.repeat(64)}` },
    }),
    pull: 'pullManifest',
    code: 'CONTENT_DIGEST_MISMATCH',
  },
  { name: 'an endless manifest', fault: endless(MANIFEST), pull: 'pullManifest', code: 'REGISTRY_NOT_A_REGISTRY' },
  {
    name: 'a blob with another digest',
    fault: answer(BLOB, { status: 200, body: 'x'.repeat(CONTENT.length) }),
    pull: 'pullBlob',
    code: 'CONTENT_DIGEST_MISMATCH',
  },
  {
    name: 'a blob that is too short',
    fault: answer(BLOB, { status: 200, body: 'short' }),
    pull: 'pullBlob',
    code: 'CONTENT_SIZE_MISMATCH',
  },
  { name: 'an endless blob', fault: endless(BLOB), pull: 'pullBlob', code: 'CONTENT_SIZE_MISMATCH' },
  {
    name: 'a redirect to itself',
    fault: answer(BLOB, { status: 307, headers: { location: '/v2/app/blobs/again' } }),
    pull: 'pullBlob',
    code: 'REGISTRY_BAD_REDIRECT',
  },
  {
    name: 'a part that was not asked for',
    fault: (request, response) =>
      request.headers.range === undefined
        ? breakOff(BLOB, CONTENT.subarray(0, 3), CONTENT.length, 1)(request, response)
        : answer(BLOB, { status: 206, body: 'x', headers: { 'content-range': 'bytes 7-8/21' } })(request, response),
    pull: 'pullBlob',
    code: 'REGISTRY_BAD_ANSWER',
  },
  {
    name: '401 to everything, whatever is shown to it',
    fault: answer(/\/v2\//, { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }),
    pull: 'pullManifest',
    code: 'REGISTRY_UNAUTHORIZED',
  },
  {
    name: '429 for an hour',
    fault: answer(BLOB, { status: 429, headers: { 'retry-after': '3600' } }),
    pull: 'pullBlob',
    code: 'REGISTRY_RATE_LIMITED',
  },
  { name: '500 to everything', fault: answer(/./, { status: 500 }), pull: 'pullBlob', code: 'REGISTRY_SERVER_ERROR' },
  { name: 'a body that drips', fault: drip(BLOB, 60), pull: 'pullBlob', code: 'REGISTRY_UNREACHABLE' },
  { name: 'connections that break', fault: reset(/./, 99), pull: 'pullBlob', code: 'REGISTRY_UNREACHABLE' },
];

describe('a pull from a registry with', () => {
  it.each(PULLS)('$name ends with $code', async ({ fault, pull, code }) => {
    const setting = await setup({ timeouts: { idleMs: 200 }, attempts: 3 });
    setting.registry.faults.push(fault);
    expect(await failure(setting[pull]())).toMatchObject({ code, hint: expect.any(String) });
    expect(setting.registry.requests.length).toBeLessThan(12);
  });
});

describe('a reader that takes longer than a registry may be silent', () => {
  it('gets all of a blob that would have come at once', async () => {
    const { registry, client } = await setup({ timeouts: { idleMs: IDLE_MS }, attempts: 1 });
    const content = Buffer.alloc(16 << 20, 'a large blob, ');
    const digest = registry.putBlob('app', content) as Descriptor['digest'];
    const blob = client.blob({ registry: registry.host, repository: 'app' }, { digest, size: content.length });
    const chunks: Uint8Array[] = [];
    for await (const chunk of blob) {
      if (chunks.length === 0) await setTimeout(4 * IDLE_MS);
      chunks.push(chunk);
    }
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });
});

describe('a storm of 401', () => {
  it('of the registry is asked for one token at a time, and left', async () => {
    const { registry, client, pullManifest } = await setup({});
    registry.guard = bearerGuard();
    registry.faults.push((request, response) => {
      if (request.headers.authorization === undefined) return false;
      return answer(/\/v2\//, {
        status: 401,
        headers: { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` },
      })(request, response);
    });
    const errors = await Promise.all(Array.from({ length: 6 }, () => failure(pullManifest())));
    for (const error of errors) expect(error).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED' });
    expect(lines(registry, 'GET /token').length).toBeLessThanOrEqual(6);
    expect(client.waits).toEqual([]);
  });

  it('of the token server is not repeated', async () => {
    const { registry, pullManifest } = await setup();
    registry.guard = bearerGuard({ user: { username: 'a', password: 'b' } });
    expect(await failure(pullManifest())).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED' });
    expect(lines(registry, 'GET /token')).toHaveLength(1);
  });
});

describe('a token that expires', () => {
  it('is replaced before the next request, without a refusal in between', async () => {
    let now = 0;
    const { registry, client, pullManifest, pushBlob } = await setup({ now: () => now });
    registry.guard = bearerGuard({ expiresIn: 60 });
    await pullManifest();
    const before = registry.requests.length;
    now = 3_600_000;
    await pullManifest();
    expect(registry.requests.slice(before).map(({ line }) => line.split('?')[0])).toEqual([
      'GET /token',
      'GET /v2/app/manifests/1',
    ]);
    // A registry that has asked once for tokens is not asked how it wants to be asked.
    const pushed = registry.requests.length;
    await pushBlob();
    expect(registry.requests.slice(pushed).filter(({ authorization }) => authorization === undefined)).toHaveLength(2);
    expect(lines(registry, 'GET /token')).toHaveLength(4);
    expect(client.waits).toEqual([]);
  });
});

describe('a push to a registry with', () => {
  it('500 in the middle of an upload goes on from there, in chunks', async () => {
    const { registry, pushBlob } = await setup();
    const blob = Buffer.alloc(300_000, 'abc');
    registry.faults.push(failHalfway(/PUT .*uploads/, (part) => registry.uploads.set('new', part), 100_000));
    expect(await pushBlob(blob)).toBe('uploaded');
    expect([...registry.blobs].find(([key]) => key.startsWith('new@'))?.[1]).toEqual(blob);
    expect(lines(registry, 'POST')).toHaveLength(1);
    expect(lines(registry, 'PATCH')).toHaveLength(1);
  });

  it('an upload that it forgets begins it anew', async () => {
    const { registry, pushBlob } = await setup();
    registry.faults.push(answer(/PUT .*uploads/, { status: 503 }, 1), answer(/GET .*uploads/, { status: 404 }, 1));
    expect(await pushBlob()).toBe('uploaded');
    expect(lines(registry, 'POST')).toHaveLength(2);
  });

  it('a lost answer finds that the blob is there', async () => {
    const { registry, pushBlob } = await setup();
    const blob = Buffer.from('stored, but who knows');
    registry.faults.push((request) => {
      if (!/^PUT .*uploads/.test(`${request.method} ${request.url}`) || registry.blobs.size > 9) return false;
      registry.putBlob('new', blob);
      request.socket.destroy();
      return true;
    });
    registry.faults.push(answer(/GET .*uploads/, { status: 404 }));
    expect(await pushBlob(blob)).toBe('exists');
  });

  it('500 to every upload is given up', async () => {
    const { registry, client, pushBlob } = await setup();
    registry.faults.push(answer(/POST/, { status: 500 }));
    expect(await failure(pushBlob())).toMatchObject({ code: 'REGISTRY_SERVER_ERROR' });
    expect(client.waits).toEqual([500, 1000, 2000]);
  });

  it('a blob that it does not find while another client uploads it, too, tries again', async () => {
    const { registry, client } = await setup();
    const body = JSON.stringify({
      errors: [{ code: 'DIGEST_INVALID' }, { code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown to registry' }],
    });
    const refusals = (times: number) => answer(/PUT .*manifests/, { status: 400, body }, times);
    const reference = normalizeReference(`${registry.host}/app:1`);
    const { bytes } = await client.manifest(reference);
    const push = (tag: string) =>
      client.pushManifest({ ...reference, tag }, { bytes, mediaType: MediaType.ociManifest });
    registry.faults.push(refusals(2));
    expect(await push('2')).toMatchObject({ mediaType: MediaType.ociManifest });
    expect(client.waits).toEqual([500, 1000]);
    registry.faults.push(refusals(9));
    expect(await failure(push('3'))).toMatchObject({
      code: 'REGISTRY_BAD_ANSWER',
      message: expect.stringContaining('does not find a blob of the manifest (DIGEST_INVALID; MANIFEST_BLOB_UNKNOWN'),
    });
  });

  it('tags that may not move says so, unless the tag names that very image', async () => {
    const { registry, client } = await setup();
    registry.faults.push(answer(/PUT .*manifests/, { status: 409 }));
    const reference = normalizeReference(`${registry.host}/app:1`);
    const other = { bytes: Buffer.from('{}'), mediaType: MediaType.ociManifest };
    expect(await failure(client.pushManifest(reference, other))).toMatchObject({ code: 'REGISTRY_TAG_IMMUTABLE' });
    const same = await client.manifest(reference);
    const pushed = await client.pushManifest(reference, { ...other, bytes: same.bytes });
    expect(pushed.digest).toBe(same.descriptor.digest);
  });
});

describe('mirrors', () => {
  async function mirrored(): Promise<Setting & { readonly mirror: TestRegistry }> {
    const mirror = await startRegistry();
    const mirrors: Record<string, string[]> = {};
    const setting = await setup({ mirrors });
    mirrors[setting.registry.host] = [`${mirror.host}/cache`];
    const client = testClient({ mirrors });
    return { ...setting, mirror, client };
  }

  async function pullWith({ client, registry }: Setting): Promise<string> {
    const { descriptor } = await client.manifest(normalizeReference(`${registry.host}/app:1`));
    return descriptor.digest;
  }

  it.each([404, 401, 429, 500, 503])('that answer with %s are passed over at once', async (status) => {
    const setting = await mirrored();
    setting.mirror.faults.push(answer(/./, { status, headers: { 'retry-after': '5' } }));
    expect(await pullWith(setting)).toMatch(/^sha256:/);
    expect(setting.mirror.requests.map(({ line }) => line)).toEqual(['GET /v2/cache/app/manifests/1']);
    expect(setting.client.waits).toEqual([]);
  });

  it('that answer with another manifest than was asked for are passed over', async () => {
    const setting = await mirrored();
    const { digest } = await testClient().resolve(normalizeReference(`${setting.registry.host}/app:1`));
    setting.mirror.faults.push(
      answer(/manifests/, { status: 200, body: '{"schemaVersion":2,"layers":[]}', headers: JSON_TYPE }),
    );
    const { descriptor } = await setting.client.manifest(normalizeReference(`${setting.registry.host}/app@${digest}`));
    expect(descriptor.digest).toBe(digest);
  });

  it('that have what is asked for are all that is asked', async () => {
    const setting = await mirrored();
    for (const [key, manifest] of setting.registry.manifests) setting.mirror.manifests.set(`cache/${key}`, manifest);
    expect(await pullWith(setting)).toMatch(/^sha256:/);
    expect(setting.registry.requests).toEqual([]);
  });

  it('that are down are asked once', async () => {
    const setting = await mirrored();
    setting.mirror.faults.push(reset(/./, 9));
    await pullWith(setting);
    await pullWith(setting);
    expect(setting.mirror.requests).toHaveLength(1);
  });

  it('that break off in a blob leave the rest to the registry', async () => {
    const setting = await mirrored();
    setting.mirror.faults.push(breakOff(BLOB, CONTENT.subarray(0, 4), CONTENT.length, 9));
    const { digest, size } = await createMemoryStore().write(only(CONTENT));
    const chunks: Uint8Array[] = [];
    for await (const chunk of setting.client.blob(normalizeReference(`${setting.registry.host}/app:1`), {
      digest,
      size,
    }))
      chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(CONTENT);
  });
});
