import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MediaType } from '../../../src/core/media-types.ts';
import { normalizeReference } from '../../../src/oci/registry/docker-hub.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { readAll } from '../../../src/store/read.ts';
import { makeImage, publish } from '../../support/images.ts';
import { basicGuard, basicHeader, bearerGuard } from '../../support/registry/auth.ts';
import { failure, testClient } from '../../support/registry/client.ts';
import { answer } from '../../support/registry/faults.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';
import { tempDir } from '../../support/temp-dir.ts';

const USER = { username: 'ann', password: 'pass:word' };

async function withImage(): Promise<{
  registry: TestRegistry;
  name: string;
  image: Awaited<ReturnType<typeof makeImage>>;
}> {
  const registry = await startRegistry();
  const reader = createMemoryStore();
  const image = await makeImage(reader);
  return { registry, image, name: await publish(registry, 'acme/app:1', { ...image, reader }) };
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes);
}

describe('authorization', () => {
  it('gets a token anonymously and keeps it for the next requests', async () => {
    const { registry, name, image } = await withImage();
    registry.guard = bearerGuard();
    const client = testClient();
    const reference = normalizeReference(name);
    await client.resolve(reference);
    await client.manifest(reference);
    await drain(client.blob(reference, image.layers[0]?.descriptor ?? image.descriptor));
    expect(registry.requests.map(({ line }) => line.replace(/sha256:.*/, 'DIGEST'))).toEqual([
      'HEAD /v2/acme/app/manifests/1',
      'GET /token?service=test&scope=repository%3Aacme%2Fapp%3Apull',
      'HEAD /v2/acme/app/manifests/1',
      'GET /v2/acme/app/manifests/1',
      'GET /v2/acme/app/blobs/DIGEST',
    ]);
  });

  it('asks for one token when many requests need it at once', async () => {
    const { registry, name } = await withImage();
    registry.guard = bearerGuard();
    const client = testClient();
    await Promise.all(Array.from({ length: 8 }, () => client.manifest(normalizeReference(name))));
    expect(registry.requests.filter(({ line }) => line.includes('/token'))).toHaveLength(1);
  });

  it('gets a new token when the old one is about to expire', async () => {
    const { registry, name } = await withImage();
    registry.guard = bearerGuard({ expiresIn: 60 });
    let now = 0;
    const client = testClient({ now: () => now });
    await client.manifest(normalizeReference(name));
    now = 55_000;
    await client.manifest(normalizeReference(name));
    expect(registry.requests.filter(({ line }) => line.includes('/token'))).toHaveLength(2);
  });

  it('gets a new token when the registry refuses the old one', async () => {
    const { registry, name } = await withImage();
    registry.guard = bearerGuard();
    const client = testClient();
    await client.manifest(normalizeReference(name));
    registry.guard = bearerGuard();
    await client.manifest(normalizeReference(name));
  });

  it('shows the user of the config file to the token server', async () => {
    const { registry, name, image } = await withImage();
    registry.guard = bearerGuard({ user: USER });
    const configFile = join(tempDir(), 'config.json');
    const auth = Buffer.from(`${USER.username}:${USER.password}`).toString('base64');
    writeFileSync(configFile, JSON.stringify({ auths: { [registry.host]: { auth } } }));
    expect(await testClient({ configFile }).resolve(normalizeReference(name))).toEqual(image.descriptor);
  });

  it('shows user and password to a registry that asks for them, and to no one unasked', async () => {
    const { registry, name, image } = await withImage();
    const client = testClient({ credentials: { [registry.host]: USER } });
    await client.resolve(normalizeReference(name));
    expect(registry.requests.at(-1)?.authorization).toBeUndefined();
    registry.guard = basicGuard(USER);
    expect(await client.resolve(normalizeReference(name))).toEqual(image.descriptor);
    expect(registry.requests.at(-1)?.authorization).toBe(basicHeader(USER));
  });

  it('says that credentials are missing', async () => {
    const { registry, name } = await withImage();
    registry.guard = basicGuard(USER);
    expect(await failure(testClient().resolve(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
      message: `${name}: ${registry.host} wants credentials`,
      hint: `check the name, which may not exist, and log in with "lamella login ${registry.host}"`,
    });
  });

  it.each([
    ['the registry', () => basicGuard(USER)],
    ['the token server', () => bearerGuard({ user: USER })],
  ])('says that %s refuses the credentials', async (_, guard) => {
    const { registry, name } = await withImage();
    registry.guard = guard();
    const client = testClient({ credentials: { [registry.host]: { username: 'ann', password: 'wrong' } } });
    expect(await failure(client.manifest(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
      message: expect.stringContaining(`${registry.host} refuses the credentials`),
    });
  });

  it('asks a token server over HTTPS only, unless the registry itself is plain', async () => {
    const { registry, name } = await withImage();
    registry.guard = bearerGuard({ realm: 'ftp://token.example/' });
    expect(await failure(testClient().manifest(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_BAD_ANSWER',
    });
  });

  it('buys a token with an identity token, which goes into the body of a POST', async () => {
    const { registry, name, image } = await withImage();
    const configFile = join(tempDir(), 'config.json');
    writeFileSync(configFile, JSON.stringify({ auths: { [registry.host]: { identitytoken: 'refresh-me' } } }));
    const bodies: string[] = [];
    const guard = bearerGuard();
    registry.guard = (request, response) => {
      if (request.method !== 'POST' || request.url !== '/token') return guard(request, response);
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
      const get = Object.assign(Object.create(request), {
        method: 'GET',
        url: '/token?scope=repository:acme/app:pull',
      });
      return guard(get, response);
    };
    expect(await testClient({ configFile }).resolve(normalizeReference(name))).toEqual(image.descriptor);
    expect(Object.fromEntries(new URLSearchParams(bodies.join('')))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'lamella',
      refresh_token: 'refresh-me',
      service: 'test',
      scope: 'repository:acme/app:pull',
    });
  });

  it('carries an identity token to no other host', async () => {
    const { registry, name } = await withImage();
    const other = await startRegistry();
    const configFile = join(tempDir(), 'config.json');
    writeFileSync(configFile, JSON.stringify({ auths: { [registry.host]: { identitytoken: 'refresh-me' } } }));
    registry.guard = bearerGuard();
    registry.faults.push(answer(/POST \/token/, { status: 307, headers: { location: `http://${other.host}/` } }));
    const error = await failure(testClient({ configFile }).resolve(normalizeReference(name)));
    expect(error).toMatchObject({ code: 'REGISTRY_BAD_REDIRECT' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('refresh-me');
    expect(other.requests).toEqual([]);
  });

  it.each(['', '{}', 'null', '{"token":"a b"}', '{"token":1}'])('refuses %j as a token', async (body) => {
    const { registry, name } = await withImage();
    registry.guard = bearerGuard();
    registry.faults.push(answer(/token/, { status: 200, body }));
    expect(await failure(testClient().manifest(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_BAD_ANSWER',
    });
  });
});

describe('credentials', () => {
  it('do not follow a redirect to another host', async () => {
    const { registry, name, image } = await withImage();
    const blobServer = await startRegistry();
    for (const [key, bytes] of registry.blobs) blobServer.blobs.set(key, bytes);
    registry.guard = basicGuard(USER);
    registry.blobServer = blobServer;
    const client = testClient({ credentials: { [registry.host]: USER } });
    const layer = image.layers[0]?.descriptor ?? image.descriptor;
    await drain(client.blob(normalizeReference(name), layer));
    expect(registry.requests.at(-1)?.authorization).toBe(basicHeader(USER));
    expect(blobServer.requests).toEqual([
      { line: `GET /v2/acme/app/blobs/${layer.digest}?signature=secret`, authorization: undefined, range: undefined },
    ]);
  });

  it('are not shown to another host that asks for them', async () => {
    const { registry, name, image } = await withImage();
    const blobServer = await startRegistry();
    blobServer.guard = basicGuard(USER);
    registry.blobServer = blobServer;
    const client = testClient({ credentials: { [registry.host]: USER, [blobServer.host]: USER } });
    const layer = image.layers[0]?.descriptor ?? image.descriptor;
    expect(await failure(drain(client.blob(normalizeReference(name), layer)))).toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
    });
    expect(blobServer.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('do not go with an upload that another host takes', async () => {
    const { registry } = await withImage();
    const other = await startRegistry();
    registry.guard = basicGuard(USER);
    const location = `http://${other.host}/v2/acme/app/blobs/uploads/1?_state=a%2Bb=`;
    registry.faults.push((request, response) => {
      if (request.method !== 'POST' || request.headers.authorization === undefined) return false;
      response.writeHead(202, { location }).end();
      return true;
    });
    const client = testClient({ credentials: { [registry.host]: USER } });
    const store = createMemoryStore();
    const image = await makeImage(store);
    const descriptor = image.layers[0]?.descriptor ?? image.descriptor;
    const repository = { registry: registry.host, repository: 'acme/new' };
    await client.pushBlob(repository, { descriptor, bytes: store.read(descriptor) });
    expect(other.blobs.get(`acme/app@${descriptor.digest}`)).toEqual(await readAll(store, descriptor));
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('and signed addresses do not appear in an error', async () => {
    const { registry, name, image } = await withImage();
    registry.guard = basicGuard(USER);
    registry.blobServer = await startRegistry();
    const client = testClient({ credentials: { [registry.host]: USER } });
    const secret = basicHeader(USER).replace('Basic ', '');
    const echo = { errors: [{ code: 'DENIED', message: `bad ${secret}` }] };
    const json = { 'content-type': 'application/json' };
    registry.faults.push((request, response) =>
      request.headers.authorization === undefined
        ? false
        : answer(/manifests/, { status: 403, body: JSON.stringify(echo), headers: json })(request, response),
    );
    const layer = image.layers[0]?.descriptor ?? image.descriptor;
    const errors = [
      await failure(client.manifest(normalizeReference(name))),
      await failure(drain(client.blob(normalizeReference(name), layer))),
    ];
    expect(errors).toMatchObject([{ code: 'REGISTRY_DENIED' }, { code: 'REGISTRY_NOT_FOUND' }]);
    const shown = inspect(errors, { depth: 10, showHidden: true });
    for (const word of [secret, USER.password, 'signature']) expect(shown).not.toContain(word);
    expect(shown).toContain('DENIED: bad ***');
  });
});

describe('redirects', () => {
  it('are followed a few times only', async () => {
    const { registry, name } = await withImage();
    registry.faults.push(answer(/manifests/, { status: 302, headers: { location: '/v2/acme/app/manifests/1' } }));
    expect(await failure(testClient().manifest(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_BAD_REDIRECT',
      message: `${registry.host} redirects more than 5 times`,
    });
  });

  it.each(['file:///etc/passwd', 'http://['])('to %s are refused', async (location) => {
    const { registry, name } = await withImage();
    registry.faults.push(answer(/manifests/, { status: 307, headers: { location } }));
    expect(await failure(testClient().manifest(normalizeReference(name)))).toMatchObject({
      code: 'REGISTRY_BAD_REDIRECT',
    });
  });

  it('of a push are followed only when they say to repeat it', async () => {
    const { registry } = await withImage();
    registry.faults.push(answer(/PUT/, { status: 302, headers: { location: '/' } }));
    const reference = normalizeReference(`${registry.host}/acme/app:2`);
    const manifest = { bytes: Buffer.from('{}'), mediaType: MediaType.ociManifest };
    expect(await failure(testClient().pushManifest(reference, manifest))).toMatchObject({
      code: 'REGISTRY_BAD_REDIRECT',
    });
  });
});
