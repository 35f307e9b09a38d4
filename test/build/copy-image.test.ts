import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatPlace, parsePlace } from '../../src/build/places/place.ts';
import { type CopyResult, copyImage, type ImageOptions, inspectImage, listImages } from '../../src/index.ts';
import { digestOf } from '../../src/io/hash.ts';
import { formatIndex } from '../../src/oci/image/manifest.ts';
import { validateImage } from '../../src/oci/image/validate.ts';
import { readLayout } from '../../src/oci/layout/read-layout.ts';
import { writeLayout } from '../../src/oci/layout/write-layout.ts';
import { createBlobStore } from '../../src/store/blob-store.ts';
import { bytesOf } from '../../src/store/read.ts';
import { makeImage, makeLayer, makeTar } from '../support/images.ts';
import { failure } from '../support/registry/client.ts';
import { startRegistry } from '../support/registry/server.ts';
import { tempDir } from '../support/temp-dir.ts';

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** A layout with an index of two platforms, tagged `multi`, and a copy function with a store of its own. */
async function setup() {
  const dir = tempDir();
  const store = createBlobStore(join(dir, 'made'));
  const layers = [await makeLayer(store, makeTar({ common: 'common' }))];
  const amd = await makeImage(store, { layers });
  const arm = await makeImage(store, { layers, config: { architecture: 'arm64' } });
  const bytes = formatIndex([
    { ...amd.descriptor, platform: { os: 'linux', architecture: 'amd64' } },
    { ...arm.descriptor, platform: { os: 'linux', architecture: 'arm64' } },
  ]);
  const index = await store.write(bytesOf(bytes));
  const layout = join(dir, 'layout');
  const named = { image: { descriptor: { mediaType: OCI_INDEX, ...index } }, names: ['example.com/app:multi'] };
  await writeLayout(layout, [named], store);
  const configFile = join(dir, 'config.json');
  writeFileSync(configFile, '{}');
  const options: ImageOptions = { cacheDir: join(dir, 'cache'), registry: { configFile } };
  const copy = (from: string, to: string, more: ImageOptions = {}): Promise<CopyResult> =>
    copyImage(from, to, { ...options, ...more });
  const registry = await startRegistry();
  return { dir, layout, index, amd, arm, options, copy, registry, from: `oci:${layout}:multi` };
}

describe('parsePlace', () => {
  it.each([
    ['registry.example.com/app:1', 'registry.example.com/app:1'],
    ['docker://registry.example.com/app:1', 'registry.example.com/app:1'],
    ['store:registry.example.com/app', 'store:registry.example.com/app:latest'],
    ['oci:dir/image:tag', 'oci:dir/image:tag'],
    ['oci:/a:b/c', 'oci:/a:b/c'],
    ['oci-archive:a.tar:r.example/app:1', 'oci-archive:a.tar'],
    ['podman:r.example/app:1', 'podman:r.example/app:1'],
  ])('reads %s as %s', (text, formatted) => {
    expect(formatPlace(parsePlace(text))).toBe(formatted);
  });

  it.each(['oci:', 'store:', 'podman:', ''])('refuses %j, which names nothing', (text) => {
    expect(() => parsePlace(text)).toThrow(expect.objectContaining({ code: 'OPTION_BAD_PLACE' }));
  });
});

describe('copyImage', () => {
  it('moves a whole index through every kind of place without changing a byte', async () => {
    const { dir, from, copy, index, registry } = await setup();
    const remote = `${registry.host}/team/app:1`;
    const stops = [from, remote, `store:${remote}`, `oci-archive:${join(dir, 'a.tar')}`, `oci:${join(dir, 'end')}:x`];
    for (const [at, to] of stops.slice(1).entries()) {
      expect((await copy(stops[at] ?? '', to)).descriptor.digest).toBe(index.digest);
    }
    const { manifests, reader } = await readLayout(join(dir, 'end'));
    expect(manifests).toMatchObject([
      { digest: index.digest, annotations: { 'org.opencontainers.image.ref.name': 'x' } },
    ]);
    const [entry] = manifests;
    const parsed = JSON.parse(readFileSync(join(dir, 'end', 'blobs/sha256', index.digest.slice(7)), 'utf8'));
    expect(entry?.mediaType).toBe(OCI_INDEX);
    for (const manifest of parsed.manifests) expect(await validateImage(reader, manifest)).toEqual([]);
  });

  it('leaves an image that inspection finds the same in every kind of place', async () => {
    const { dir, from, copy, amd, options, registry } = await setup();
    const platforms = ['linux/amd64'];
    const places = [
      `${registry.host}/app:1`,
      'store:app',
      `oci:${join(dir, 'one')}`,
      `oci-archive:${join(dir, 'a.tar')}`,
    ];
    for (const to of places) await copy(from, to, { platforms });
    const { config, layers } = await inspectImage(from, { ...options, platforms });
    for (const place of places) {
      const found = await inspectImage(place, options);
      expect(found).toMatchObject({ descriptor: { digest: amd.descriptor.digest }, platforms, config, layers });
      expect(digestOf(Buffer.from(found.raw))).toBe(amd.descriptor.digest);
    }
    const archive = `docker-archive:${join(dir, 'docker.tar')}`;
    await copy(from, archive, { platforms });
    expect(await inspectImage(archive, options)).toMatchObject({ platforms, config });
    expect((await inspectImage(from, options)).platforms).toEqual(['linux/amd64', 'linux/arm64']);
  });

  it('moves only what is missing', async () => {
    const { from, copy, registry } = await setup();
    await copy(from, `${registry.host}/team/app:1`);
    const uploads = (): number =>
      registry.requests.filter(({ line }) => line.startsWith('PUT') && line.includes('/blobs/')).length;
    expect(uploads()).toBe(3);
    await copy(from, `${registry.host}/team/app:2`);
    expect(uploads()).toBe(3);
    await copy(`${registry.host}/team/app:1`, `${registry.host}/other/app:1`);
    expect(uploads()).toBe(3);
    expect(
      registry.requests.filter(({ line }) => line.includes('mount=') && line.includes('from=team%2Fapp')),
    ).toHaveLength(3);
  });

  it('takes one platform of an index, or some', async () => {
    const { dir, from, copy, arm, index } = await setup();
    const one = await copy(from, `oci:${join(dir, 'arm')}:1`, { platforms: ['linux/arm64'] });
    expect(one.descriptor.digest).toBe(arm.descriptor.digest);
    const both = await copy(from, `oci:${join(dir, 'both')}:1`, { platforms: ['linux/arm64', 'linux/amd64'] });
    expect(both.descriptor.digest).not.toBe(index.digest);
    expect((await inspectImage(`oci:${join(dir, 'both')}`)).platforms).toEqual(['linux/arm64', 'linux/amd64']);
  });

  it('says which platforms exist', async () => {
    const { from, copy } = await setup();
    expect(await failure(copy(from, 'store:app', { platforms: ['linux/s390x'] }))).toMatchObject({
      code: 'CONTENT_PLATFORM_NOT_FOUND',
      hint: expect.stringContaining('linux/amd64, linux/arm64'),
    });
  });

  it('takes for a platform no image that is for another one, and says which it is for', async () => {
    const { dir, from, copy } = await setup();
    const single = `oci:${join(dir, 'arm')}:1`;
    await copy(from, single, { platforms: ['linux/arm64'] });
    for (const platforms of [['linux/s390x'], ['linux/arm64', 'linux/amd64']]) {
      expect(await failure(copy(single, 'store:app', { platforms }))).toMatchObject({
        code: 'CONTENT_PLATFORM_NOT_FOUND',
        hint: expect.stringContaining('it has: linux/arm64;'),
      });
    }
  });

  it("gives docker's archive the image of one platform, which can be read again", async () => {
    const { dir, from, copy, options } = await setup();
    const archive = join(dir, 'docker.tar');
    await copy(from, `docker-archive:${archive}:r.example/app:1`, { platforms: ['linux/arm64'] });
    await copy(`docker-archive:${archive}`, 'store:again');
    expect(await inspectImage('store:again', options)).toMatchObject({ config: { architecture: 'arm64' } });
    expect(await listImages(options)).toMatchObject([{ name: 'again:latest', platform: 'linux/arm64' }]);
  });

  it('adds to a layout and takes a tag away from what had it', async () => {
    const { dir, from, copy, amd } = await setup();
    const target = join(dir, 'target');
    await copy(from, `oci:${target}:a`);
    await copy(from, `oci:${target}:b`);
    await copy(from, `oci:${target}:a`, { platforms: ['linux/amd64'] });
    const { manifests } = await readLayout(target);
    expect(manifests).toHaveLength(2);
    expect(manifests.find((entry) => entry.annotations?.['org.opencontainers.image.ref.name'] === 'a')?.digest).toBe(
      amd.descriptor.digest,
    );
  });

  it('refuses a blob that an archive names wrongly, and leaves nothing', async () => {
    const { dir, from, copy, options } = await setup();
    const archive = join(dir, 'a.tar');
    await copy(from, `oci-archive:${archive}`);
    const bytes = readFileSync(archive);
    bytes.write('X', bytes.indexOf('"architecture"') + 2);
    writeFileSync(archive, bytes);
    expect(await failure(copy(`oci-archive:${archive}`, 'store:bad'))).toMatchObject({
      code: 'CONTENT_DIGEST_MISMATCH',
    });
    expect(await listImages(options)).toEqual([]);
  });

  it('names what there is when there is no such image', async () => {
    const { dir, layout, copy } = await setup();
    expect(await failure(copy('store:nope', 'store:x'))).toMatchObject({
      code: 'CONTENT_IMAGE_NOT_FOUND',
      hint: 'the local store has no image with a name',
    });
    expect(await failure(copy(`oci:${layout}:nope`, 'store:x'))).toMatchObject({ hint: 'the layout holds: multi' });
    expect(await failure(copy(`oci-archive:${join(dir, 'no.tar')}`, 'store:x'))).toMatchObject({
      code: 'HOST_NOT_FOUND',
    });
    expect(existsSync(join(dir, 'no.tar'))).toBe(false);
  });

  it('links a layout to the store instead of copying', async () => {
    const { dir, from, copy, amd } = await setup();
    await copy(from, 'store:app');
    await copy('store:app', `oci:${join(dir, 'linked')}:1`);
    const layer = amd.layers[0]?.descriptor.digest.slice(7) ?? '';
    const ino = (root: string): number => statSync(join(dir, root, 'blobs/sha256', layer)).ino;
    expect(ino('linked')).toBe(ino('cache/store'));
    expect(digestOf(readFileSync(join(dir, 'linked', 'blobs/sha256', layer)))).toBe(`sha256:${layer}`);
  });
});
