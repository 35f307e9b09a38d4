import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Image } from '../../src/core/image.ts';
import { MediaType } from '../../src/core/media-types.ts';
import type { Platform } from '../../src/core/platform.ts';
import type { Reference } from '../../src/core/reference.ts';
import { formatIndex } from '../../src/oci/image/manifest.ts';
import { validateImage } from '../../src/oci/image/validate.ts';
import { pushImage } from '../../src/oci/push.ts';
import { normalizeReference } from '../../src/oci/registry/docker-hub.ts';
import { fetchLayer, type RemoteImage, resolveImage } from '../../src/oci/registry/source.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { requireRegistry, requireTool, run, TEST_DOCKER, TEST_REGISTRY } from '../support/host.ts';
import { makeImage } from '../support/images.ts';
import { failure, testClient } from '../support/registry/client.ts';
import { tempDir } from '../support/temp-dir.ts';
import { openDocker, openPodman, uniqueName } from './engines.ts';
import { MESSAGE, makeInteropImage } from './interop-image.ts';

const AMD64: Platform = { os: 'linux', architecture: 'amd64' };
const store = createMemoryStore();
const name = `${TEST_REGISTRY}/${uniqueName()}:1`;

async function pull(text: string, platform = AMD64): Promise<RemoteImage & { problems: string[] }> {
  const client = testClient();
  const into = createMemoryStore();
  const reference = normalizeReference(text);
  const image = await resolveImage(client, reference, { platform, store: into });
  await Promise.all(image.layers.map((layer) => fetchLayer(client, reference, { layer, store: into })));
  return { ...image, problems: await validateImage(into, image.descriptor) };
}

describe.runIf(await requireRegistry())('a real registry', () => {
  let image: Image;
  let reference: Reference;

  beforeAll(async () => {
    image = await makeInteropImage(store, 'gzip');
    reference = normalizeReference(name);
  });

  it('gives back what was pushed', async () => {
    expect(await pushImage(testClient(), reference, { image, reader: store })).toEqual(image.descriptor);
    expect(await pull(name)).toMatchObject({ descriptor: image.descriptor, config: image.config, problems: [] });
  });

  it('mounts blobs from another repository', async () => {
    const outcomes = await Promise.all(
      image.layers.map(({ descriptor }) =>
        testClient().pushBlob(
          { registry: reference.registry, repository: `${reference.repository}/mounted` },
          { descriptor, bytes: store.read(descriptor), mountFrom: reference.repository },
        ),
      ),
    );
    expect(outcomes).toEqual(['mounted', 'mounted']);
  });

  it('holds an index from which the platform is chosen', async () => {
    const client = testClient();
    const arm = await makeImage(store, { config: { architecture: 'arm64' } });
    await pushImage(client, { ...reference, tag: 'arm' }, { image: arm, reader: store });
    const manifests = [image, arm].map(({ descriptor, config: { os, architecture } }) => ({
      ...descriptor,
      platform: { os, architecture },
    }));
    const bytes = formatIndex(manifests);
    await client.pushManifest({ ...reference, tag: 'multi' }, { bytes, mediaType: MediaType.ociIndex });
    const multi = name.replace(/:1$/, ':multi');
    expect(await pull(multi, { os: 'linux', architecture: 'arm64' })).toMatchObject({ descriptor: arm.descriptor });
    expect(await pull(multi)).toMatchObject({ descriptor: image.descriptor, problems: [] });
  });

  it('says that a name does not exist', async () => {
    const missing = `${TEST_REGISTRY}/${uniqueName()}:none`;
    expect(await failure(pull(missing))).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      message: expect.stringContaining(missing),
    });
  });

  it.runIf(requireTool('skopeo'))('hands it to skopeo', async () => {
    const copy = join(tempDir(), 'copy');
    await run('skopeo', 'copy', '-q', '--src-tls-verify=false', `docker://${name}`, `dir:${copy}`);
    const digest = await run('skopeo', 'inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${name}`);
    expect(digest.trim()).toBe(image.descriptor.digest);
  });

  it.runIf(requireTool('skopeo'))('has Docker schema 2 from skopeo, which can be pulled', async () => {
    const copy = name.replace(/:1$/, ':v2s2');
    const tls = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    await run('skopeo', 'copy', '-q', ...tls, '--format', 'v2s2', `docker://${name}`, `docker://${copy}`);
    const pulled = await pull(copy);
    expect(pulled).toMatchObject({ layers: image.layers, problems: [] });
    expect(pulled.descriptor.mediaType).toBe(MediaType.dockerManifest);
  });

  it.runIf(requireTool('podman') && requireTool('runc'))('hands it to podman, which runs it', async () => {
    await using podman = openPodman();
    await podman.run('pull', '-q', '--tls-verify=false', name);
    expect(await podman.start(name)).toBe(MESSAGE);
  });

  it.runIf(requireTool('docker', ['-H', TEST_DOCKER, 'version']))('hands it to docker, which runs it', async () => {
    await using docker = openDocker();
    await docker.run('pull', '-q', name);
    expect(await docker.start(name)).toBe(MESSAGE);
    await docker.run('rmi', '--force', name);
  });
});
