import { describe, expect, it } from 'vitest';
import { validateImage } from '../../src/oci/image/validate.ts';
import { type PushOptions, pushImage } from '../../src/oci/push.ts';
import type { RegistryWriter } from '../../src/oci/registry/client.ts';
import { normalizeReference } from '../../src/oci/registry/docker-hub.ts';
import { fetchLayer, resolveImage } from '../../src/oci/registry/source.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { readAll } from '../../src/store/read.ts';
import { makeImage, makeLayer, makeTar } from '../support/images.ts';
import { bearerGuard } from '../support/registry/auth.ts';
import { failure, testClient } from '../support/registry/client.ts';
import { answer, reset } from '../support/registry/faults.ts';
import { startRegistry } from '../support/registry/server.ts';

async function setup() {
  const registry = await startRegistry();
  const store = createMemoryStore();
  const layers = [await makeLayer(store, makeTar({ a: 'a' })), await makeLayer(store, makeTar({ b: 'b' }))];
  const image = await makeImage(store, { layers });
  const reference = normalizeReference(`${registry.host}/acme/app:1`);
  const push = (options: Partial<PushOptions> = {}) =>
    pushImage(testClient(), reference, { image, reader: store, ...options });
  return { registry, store, image, reference, push };
}

function lines(registry: { requests: readonly { line: string }[] }, method: string): number {
  return registry.requests.filter(({ line }) => line.startsWith(`${method} `)).length;
}

describe('pushImage', () => {
  it('pushes an image that can be pulled again', async () => {
    const { image, reference, push } = await setup();
    expect(await push()).toEqual(image.descriptor);
    const store = createMemoryStore();
    const pulled = await resolveImage(testClient(), reference, {
      platform: { os: 'linux', architecture: 'amd64' },
      store,
    });
    for (const layer of pulled.layers) await fetchLayer(testClient(), reference, { layer, store });
    expect(pulled.descriptor).toEqual(image.descriptor);
    expect(await validateImage(store, pulled.descriptor)).toEqual([]);
  });

  it('pushes the manifest last, and only what is missing', async () => {
    const { registry, push } = await setup();
    await push();
    expect(lines(registry, 'PUT')).toBe(4);
    expect(registry.requests.at(-1)?.line).toBe('PUT /v2/acme/app/manifests/1');
    await push();
    expect(lines(registry, 'PUT')).toBe(5);
  });

  it('mounts layers from another repository', async () => {
    const { registry, store, image, push } = await setup();
    const layer = image.layers[0]?.descriptor ?? image.descriptor;
    registry.putBlob('base', await readAll(store, layer));
    await push({ mountFrom: () => 'base' });
    expect(lines(registry, 'PUT')).toBe(3);
    expect(registry.blobs.has(`acme/app@${layer.digest}`)).toBe(true);
  });

  it.each([400, 401, 403, 404])('sends the bytes where a mount is refused with %s', async (status) => {
    const { registry, push } = await setup();
    registry.faults.push(answer(/POST .*from=base/, { status }));
    await push({ mountFrom: () => 'base' });
    expect(registry.manifests.has('acme/app:1')).toBe(true);
  });

  it('asks for all blobs, each once, without waiting for an upload', async () => {
    const { registry, image, store, reference } = await setup();
    const client = testClient();
    const asked = Promise.withResolvers<void>();
    let questions = 0;
    const writer: RegistryWriter = {
      ...client,
      hasBlob(repository, digest) {
        if (++questions === image.layers.length + 1) asked.resolve();
        return client.hasBlob(repository, digest);
      },
      async pushBlob(repository, push) {
        await asked.promise;
        return await client.pushBlob(repository, push);
      },
    };
    await pushImage(writer, reference, { image, reader: store, concurrency: 1 });
    expect(lines(registry, 'HEAD')).toBe(3);
  });

  it('starts an upload anew when the connection breaks', async () => {
    const { registry, push } = await setup();
    registry.faults.push(reset(/PUT .*blobs/, 1));
    registry.faults.push(answer(/POST/, { status: 502 }, 1));
    await push();
    expect(registry.manifests.has('acme/app:1')).toBe(true);
  });

  it('asks for the right to push', async () => {
    const { registry, push } = await setup();
    registry.guard = bearerGuard();
    await push();
    expect(registry.manifests.has('acme/app:1')).toBe(true);
    expect(registry.requests.some(({ line }) => line.includes('pull%2Cpush'))).toBe(true);
  });

  it('tells how far it has come, also for what was there already', async () => {
    const { push, image } = await setup();
    const total = image.layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    for (let round = 0; round < 2; round++) {
      const seen = new Map<string, number>();
      await push({ onTransfer: ({ descriptor, current }) => seen.set(descriptor.digest, current) });
      expect([...seen.values()].reduce((sum, size) => sum + size, 0)).toBeGreaterThan(total);
    }
  });

  it('announces everything first, and says of what was there that nothing moved', async () => {
    const { push, image } = await setup();
    await push();
    const seen: string[] = [];
    await push({
      onTransfer: ({ current, wasThere }) =>
        seen.push(current === 0 ? 'announced' : wasThere === true ? 'there' : 'moved'),
    });
    const blobs = image.layers.length + 1;
    expect(seen).toEqual([...Array(blobs).fill('announced'), ...Array(blobs).fill('there')]);
  });

  it('says that the registry is read-only', async () => {
    const { registry, push } = await setup();
    registry.faults.push(answer(/POST/, { status: 405 }));
    expect(await failure(push())).toMatchObject({ code: 'REGISTRY_BAD_ANSWER', status: 405 });
  });

  it('refuses a registry that stores another manifest than it was given', async () => {
    const { registry, push } = await setup();
    const headers = { 'docker-content-digest': `sha256:${'0'.repeat(64)}` };
    registry.faults.push(answer(/PUT .*manifests/, { status: 201, headers }));
    expect(await failure(push())).toMatchObject({ code: 'REGISTRY_BAD_ANSWER' });
  });

  it('pushes no manifest when a layer is missing in the store', async () => {
    const { registry, store, image, push } = await setup();
    await store.delete(image.layers[1]?.descriptor.digest ?? image.descriptor.digest);
    expect(await failure(push())).toMatchObject({ code: 'CONTENT_NOT_FOUND' });
    expect(registry.manifests.size).toBe(0);
  });
});
