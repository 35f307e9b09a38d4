import { describe, expect, it } from 'vitest';
import type { RegistryError } from '../../../src/core/errors.ts';
import type { Descriptor } from '../../../src/core/image.ts';
import { MediaType } from '../../../src/core/media-types.ts';
import type { Bytes } from '../../../src/core/ports.ts';
import { normalizeReference } from '../../../src/oci/registry/docker-hub.ts';
import { ERROR_BODY_LIMIT } from '../../../src/oci/registry/response-error.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { makeImage, publish } from '../../support/images.ts';
import { failure, testClient } from '../../support/registry/client.ts';
import { answer, breakOff, endlessError, reset, silence } from '../../support/registry/faults.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';

const MANIFEST = /GET .*\/manifests\//;
const BLOB = /GET .*\/blobs\//;

async function withImage(): Promise<{ registry: TestRegistry; name: string; descriptor: Descriptor }> {
  const registry = await startRegistry();
  const reader = createMemoryStore();
  const { descriptor } = await makeImage(reader);
  return { registry, name: await publish(registry, 'app:1', { descriptor, reader }), descriptor };
}

async function withBlob(
  content: string,
): Promise<{ registry: TestRegistry; blob: Descriptor; read: () => Promise<string> }> {
  const registry = await startRegistry();
  const digest = registry.putBlob('app', Buffer.from(content)) as Descriptor['digest'];
  const blob = { mediaType: MediaType.ociLayer, digest, size: content.length };
  const client = testClient();
  return { registry, blob, read: () => text(client.blob({ registry: registry.host, repository: 'app' }, blob)) };
}

async function text(bytes: Bytes): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('resolve', () => {
  it('asks with one HEAD', async () => {
    const { registry, name, descriptor } = await withImage();
    expect(await testClient().resolve(normalizeReference(name))).toEqual(descriptor);
    expect(registry.requests.map(({ line }) => line)).toEqual(['HEAD /v2/app/manifests/1']);
  });

  it('reads the manifest where HEAD does not tell all', async () => {
    const { registry, name, descriptor } = await withImage();
    registry.bareHead = true;
    expect(await testClient().resolve(normalizeReference(name))).toEqual(descriptor);
  });

  it('says that a base does not exist, by its whole name', async () => {
    const { registry } = await withImage();
    const name = `${registry.host}/app:nope`;
    expect(await failure(testClient().resolve(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      message: `${name}: not found in ${registry.host} (MANIFEST_UNKNOWN: manifest unknown)`,
      hint: 'check the spelling of the name and the tag',
      status: 404,
      url: `http://${registry.host}/v2/app/manifests/nope`,
    });
  });
});

describe('manifest', () => {
  it('is refused when it is not what its digest says', async () => {
    const { registry, descriptor } = await withImage();
    const body = '{"schemaVersion":2}'.padEnd(descriptor.size);
    registry.faults.push(answer(MANIFEST, { status: 200, body, headers: { 'content-type': MediaType.ociManifest } }));
    const reference = normalizeReference(`${registry.host}/app@${descriptor.digest}`);
    expect(await failure(testClient().manifest(reference))).toMatchObject({ code: 'CONTENT_DIGEST_MISMATCH' });
  });

  it('is refused when it is not what the registry promised', async () => {
    const { registry, name, descriptor } = await withImage();
    const headers = { 'content-type': MediaType.ociManifest, 'docker-content-digest': descriptor.digest };
    registry.faults.push(answer(MANIFEST, { status: 200, body: '{"schemaVersion":2,"layers":[]}', headers }));
    const error = await failure(testClient().manifest(normalizeReference(name)));
    expect(error).toMatchObject({ code: 'CONTENT_DIGEST_MISMATCH' });
  });

  it('is refused when something else than a registry answers', async () => {
    const { registry, name } = await withImage();
    const page = { status: 200, body: '<html>Log in</html>', headers: { 'content-type': 'text/html' } };
    registry.faults.push(answer(/manifests/, page));
    expect(await failure(testClient().resolve(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_NOT_A_REGISTRY',
      message: `${name}: ${registry.host} answers with "text/html", so it is no container registry`,
    });
  });

  it('is refused when it does not end', async () => {
    const { registry, name } = await withImage();
    registry.faults.push(answer(MANIFEST, { status: 200, body: Buffer.alloc(5 << 20, ' ') }));
    const error = await failure(testClient().manifest(normalizeReference(name)));
    expect(error).toMatchObject({ code: 'REGISTRY_NOT_A_REGISTRY' });
  });

  it('tells from a 404 that does not come from a registry', async () => {
    const { registry, name } = await withImage();
    registry.faults.push(answer(/manifests/, { status: 404, body: 'no', headers: { 'content-type': 'text/html' } }));
    const error = await failure(testClient().resolve(normalizeReference(name)));
    expect(error).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      hint: expect.stringContaining('does not look like one'),
    });
  });
});

describe('blob', () => {
  it('is verified: wrong bytes', async () => {
    const { registry, read } = await withBlob('right');
    registry.faults.push(answer(BLOB, { status: 200, body: 'wrong' }));
    expect(await failure(read())).toMatchObject({ code: 'CONTENT_DIGEST_MISMATCH' });
  });

  it('is verified: too few bytes', async () => {
    const { registry, read } = await withBlob('right');
    registry.faults.push(answer(BLOB, { status: 200, body: 'rig' }));
    expect(await failure(read())).toMatchObject({ code: 'CONTENT_SIZE_MISMATCH', expected: 5, found: 3 });
  });

  it('is verified: more bytes than promised end the transfer', async () => {
    const { registry, read } = await withBlob('right');
    registry.faults.push(answer(BLOB, { status: 200, body: Buffer.alloc(1 << 20) }));
    expect(await failure(read())).toMatchObject({ code: 'CONTENT_SIZE_MISMATCH', expected: 5 });
  });

  it.each([false, true])('goes on where a connection broke off (ranges ignored: %s)', async (ignoresRanges) => {
    const { registry, read } = await withBlob('hello world');
    registry.ignoresRanges = ignoresRanges;
    registry.faults.push(breakOff(BLOB, Buffer.from('hello'), 11, 1));
    expect(await read()).toBe('hello world');
    expect(registry.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=5-']);
  });

  it('is given up when the connection keeps breaking off', async () => {
    const { registry, read } = await withBlob('hello world');
    registry.faults.push(reset(BLOB, Number.POSITIVE_INFINITY));
    expect(await failure(read())).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(registry.requests).toHaveLength(4);
  });

  it('that is missing is named', async () => {
    const { registry, blob, read } = await withBlob('x');
    registry.blobs.clear();
    expect(await failure(read())).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      message: expect.stringContaining(blob.digest),
    });
  });
});

describe('a registry in trouble', () => {
  it('is asked again after the time that it names', async () => {
    const { registry, name, descriptor } = await withImage();
    registry.faults.push(answer(/manifests/, { status: 429, headers: { 'retry-after': '7' } }, 1));
    registry.faults.push(answer(/manifests/, { status: 503 }, 1));
    const client = testClient();
    expect(await client.resolve(normalizeReference(name))).toEqual(descriptor);
    expect(client.waits).toEqual([7000, 1000]);
  });

  it('is not waited for when that takes too long', async () => {
    const { registry, name } = await withImage();
    registry.faults.push(answer(/manifests/, { status: 429, headers: { 'retry-after': '3600' } }));
    const client = testClient();
    expect(await failure(client.resolve(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_RATE_LIMITED',
      retryAfterMs: 3_600_000,
    });
    expect(client.waits).toEqual([]);
  });

  it('is given up after a few attempts, each later than the one before', async () => {
    const { registry, name } = await withImage();
    registry.faults.push(answer(/manifests/, { status: 500, body: 'panic' }));
    const client = testClient();
    expect(await failure(client.manifest(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_SERVER_ERROR',
      message: `${name}: ${registry.host} has a fault, status 500`,
      status: 500,
    });
    expect(client.waits).toEqual([500, 1000, 2000]);
  });

  it('is not asked again by all clients at once', async () => {
    const { registry, name } = await withImage();
    registry.faults.push(answer(/manifests/, { status: 500 }));
    const waits = async (random: number): Promise<readonly number[]> => {
      const client = testClient({ random: () => random });
      await failure(client.manifest(normalizeReference(name)));
      return client.waits;
    };
    expect([await waits(0), await waits(0.5)]).toEqual([
      [250, 500, 1000],
      [375, 750, 1500],
    ]);
  });

  it('is not read to the end of an endless error', async () => {
    const { registry, name } = await withImage();
    let sent = 0;
    registry.faults.push(
      endlessError(MANIFEST, 400, (bytes) => {
        sent = bytes;
      }),
    );
    expect(await failure(testClient().manifest(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_BAD_ANSWER',
    });
    // Beyond the limit there are only the buffers of both sides' kernels.
    expect(sent).toBeLessThan(ERROR_BODY_LIMIT + (16 << 20));
  });

  it('that does not answer in time is named', async () => {
    const { registry, name } = await withImage();
    registry.faults.push(silence(/./));
    const client = testClient({ timeouts: { headersMs: 50 }, attempts: 1 });
    expect(await failure(client.manifest(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: `cannot reach ${registry.host}: no answer in time`,
      hint: expect.any(String),
    });
  });

  it('that nobody runs is named, with the cause', async () => {
    const { registry } = await withImage();
    const host = registry.host.replace(/\d+$/, '1');
    const client = testClient();
    const error = (await failure(client.resolve(normalizeReference(`${host}/app`)))) as RegistryError;
    expect(error).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: `cannot reach ${host}: connection refused`,
      hint: 'check that the registry is running and that host and port are right',
    });
    expect(error.cause).toBeInstanceOf(Error);
    expect(client.waits).toEqual([]);
  });

  it('that speaks plain HTTP where TLS is expected gets a hint', async () => {
    const { registry } = await withImage();
    const name = `0.0.0.0:${registry.host.split(':')[1]}/app`;
    expect(await failure(testClient().resolve(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      hint: expect.stringContaining('--registry-insecure'),
    });
  });

  it('is spoken to over plain HTTP when it is listed as insecure', async () => {
    const { registry, descriptor } = await withImage();
    const host = `0.0.0.0:${registry.host.split(':')[1]}`;
    const client = testClient({ insecure: [host] });
    expect(await client.resolve(normalizeReference(`${host}/app:1`))).toEqual(descriptor);
  });

  it('is left as soon as the signal says so, with its reason', async () => {
    const { registry, name } = await withImage();
    registry.faults.push(silence(/./));
    const reason = new Error('stop');
    const controller = new AbortController();
    const client = testClient({ signal: controller.signal });
    const pending = failure(client.manifest(normalizeReference(name)));
    controller.abort(reason);
    expect(await pending).toBe(reason);
  });
});
