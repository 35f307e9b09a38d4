import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tarEntries } from '../../src/io/tar-entries.ts';
import { validateImage } from '../../src/oci/image/validate.ts';
import { validateIndex } from '../../src/oci/image/validate-index.ts';
import { readLayout, readLayoutImage } from '../../src/oci/layout/read-layout.ts';
import { writeLayout } from '../../src/oci/layout/write-layout.ts';
import { normalizeReference } from '../../src/oci/registry/docker-hub.ts';
import { createBlobStore } from '../../src/store/blob-store.ts';
import { createBuilder } from '../support/build.ts';
import { makeImage, makeLayer, makeTar } from '../support/images.ts';
import { failure, testClient } from '../support/registry/client.ts';
import { startRegistry } from '../support/registry/server.ts';
import { tempDir } from '../support/temp-dir.ts';

const PLATFORMS = ['linux/amd64', 'linux/arm64/v8', 'linux/arm/v7'];
const FILES = {
  Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY common /\nCOPY $TARGETARCH /which\n',
  common: 'for all',
  amd64: 'amd',
  arm64: 'arm64',
  arm: 'arm',
};

describe('a build for several platforms', () => {
  it('makes an index in the order asked for, with every image valid and layers shared', async () => {
    const dir = tempDir();
    const builder = createBuilder();
    const layout = join(dir, 'layout');
    const result = await builder.build({
      files: FILES,
      platforms: PLATFORMS,
      tags: ['r.example/app:1'],
      outputs: [{ type: 'oci-layout', destination: layout }],
    });
    const { manifests, reader } = await readLayout(layout);
    expect(manifests.map(({ digest }) => digest)).toEqual([result.index?.digest]);
    const index = JSON.parse(readFileSync(join(layout, 'blobs/sha256', result.index?.digest.slice(7) ?? ''), 'utf8'));
    expect(index.manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
      { architecture: 'arm', os: 'linux', variant: 'v7' },
    ]);
    expect(await validateIndex(reader, result.index ?? result.image.descriptor)).toEqual([]);
    const firstLayers = result.images.map(({ layers }) => layers[0]?.descriptor.digest);
    expect(new Set(firstLayers).size).toBe(1);
    expect(new Set(result.images.map(({ layers }) => layers[1]?.descriptor.digest)).size).toBe(3);
  });

  it('is not needed for an index: a build argument makes one of one image', async () => {
    const layout = join(tempDir(), 'layout');
    const buildArgs = { BUILDKIT_MULTI_PLATFORM: '1' };
    const outputs = [{ type: 'oci-layout', destination: layout }] as const;
    const result = await createBuilder().build({ files: FILES, platform: 'linux/amd64', buildArgs, outputs });
    const { manifests, reader } = await readLayout(layout);
    expect(manifests.map(({ digest }) => digest)).toEqual([result.index?.digest]);
    expect(await validateIndex(reader, result.index ?? result.image.descriptor)).toEqual([]);
    expect(result.images).toHaveLength(1);
  });

  it('gives the same index again, from the cache', async () => {
    const builder = createBuilder();
    const context = tempDir(FILES);
    const first = await builder.build({ context, platforms: PLATFORMS });
    const second = await builder.build({ context, platforms: PLATFORMS });
    expect(second.index).toEqual(first.index);
    expect(second.executed).toBe(0);
  });

  it('finds its own index as a base, by platform', async () => {
    const builder = createBuilder();
    await builder.build({ files: FILES, platforms: PLATFORMS, tags: ['r.example/base:1'] });
    const files = { Dockerfile: 'FROM r.example/base:1\nLABEL a=b\n' };
    const next = await builder.build({ files, platforms: ['linux/arm64', 'linux/amd64'] });
    expect(next.images.map(({ config }) => config.architecture)).toEqual(['arm64', 'amd64']);
    const missing = failure(builder.build({ files, platforms: ['linux/s390x', 'linux/amd64'] }));
    expect(await missing).toMatchObject({
      code: 'CONTENT_PLATFORM_NOT_FOUND',
      hint: expect.stringContaining('linux/amd64, linux/arm64, linux/arm/v7'),
    });
  });

  it('is pushed as an index, also without a name', async () => {
    const registry = await startRegistry();
    const builder = createBuilder();
    const options = { files: FILES, platforms: PLATFORMS, tags: [`${registry.host}/app:1`] };
    const pushed = await builder.build({ ...options, outputs: [{ type: 'registry', byDigest: true }] });
    expect(registry.manifests.has('app:1')).toBe(false);
    const digest = pushed.index?.digest ?? '';
    expect(pushed.outputs).toEqual([{ type: 'registry', destination: `${registry.host}/app@${digest}` }]);
    await builder.build({ ...options, outputs: [{ type: 'registry' }] });
    expect(await testClient().resolve(normalizeReference(`${registry.host}/app:1`))).toMatchObject({ digest });
    for (const { descriptor } of pushed.images) expect(registry.manifests.has(`app:${descriptor.digest}`)).toBe(true);
  });

  it('puts annotations where they belong', async () => {
    const dir = tempDir();
    const { index, images } = await createBuilder().build({
      files: FILES,
      platforms: ['linux/amd64', 'linux/arm64'],
      outputs: [{ type: 'oci-layout', destination: dir }],
      annotations: [
        { key: 'm', value: 'all' },
        { key: 'm', value: 'arm', platform: 'linux/arm64' },
        { key: 'i', value: '1', level: 'index' },
        { key: 'd', value: '2', level: 'manifest-descriptor', platform: 'linux/amd64' },
        { key: 'e', value: '3', level: 'index-descriptor' },
      ],
    });
    const read = (digest = ''): { annotations?: object; manifests: { annotations?: object }[] } =>
      JSON.parse(readFileSync(join(dir, 'blobs/sha256', digest.slice(7)), 'utf8'));
    expect(images.map(({ descriptor }) => read(descriptor.digest).annotations)).toEqual([{ m: 'all' }, { m: 'arm' }]);
    expect(read(index?.digest).annotations).toEqual({ i: '1' });
    expect(read(index?.digest).manifests.map(({ annotations }) => annotations)).toEqual([{ d: '2' }, undefined]);
    expect((await readLayout(dir)).manifests[0]?.annotations).toMatchObject({ e: '3' });
  });

  it('refuses annotations of an index that there is not', async () => {
    const annotations = [{ key: 'i', value: '1', level: 'index' }] as const;
    expect(
      await failure(createBuilder().build({ files: FILES, platforms: ['linux/amd64'], annotations })),
    ).toMatchObject({
      code: 'OPTION_NO_INDEX',
    });
  });
});

describe('labels of a build', () => {
  it('stand in every image, over those of the Dockerfile', async () => {
    const files = { Dockerfile: 'FROM scratch\nLABEL kept=1 changed=1\n' };
    const labels = { changed: '2', added: '' };
    const { images } = await createBuilder().build({ files, labels, platforms: ['linux/amd64', 'linux/arm64'] });
    const expected = { kept: '1', changed: '2', added: '' };
    expect(images.map(({ config }) => config.config?.Labels)).toEqual([expected, expected]);
  });
});

describe('outputs of files', () => {
  it('write the root file system of each platform into a folder', async () => {
    const dir = tempDir();
    await createBuilder().build({
      files: FILES,
      platforms: ['linux/amd64', 'linux/arm/v7'],
      outputs: [{ type: 'local', destination: dir }],
    });
    expect(readFileSync(join(dir, 'linux_amd64/which'), 'utf8')).toBe('amd');
    expect(readFileSync(join(dir, 'linux_arm_v7/which'), 'utf8')).toBe('arm');
  });

  it('never write through a link that is in the way', async () => {
    const dir = tempDir();
    const outside = tempDir();
    mkdirSync(join(dir, 'out'));
    symlinkSync(outside, join(dir, 'out', 'sub'));
    const files = { Dockerfile: 'FROM scratch\nCOPY f /sub/f\n', f: 'x' };
    const outputs = [{ type: 'local', destination: join(dir, 'out') }] as const;
    await createBuilder()
      .build({ files, outputs })
      .catch(() => undefined);
    expect(existsSync(join(outside, 'f'))).toBe(false);
  });

  it('write one tar file, whole and the same each time', async () => {
    const dir = tempDir();
    const context = tempDir(FILES);
    const tar = async (name: string): Promise<Buffer> => {
      const destination = join(dir, name);
      await createBuilder().build({ context, outputs: [{ type: 'tar', destination }] });
      return readFileSync(destination);
    };
    const bytes = await tar('a.tar');
    expect(await tar('b.tar')).toEqual(bytes);
    const paths: string[] = [];
    for await (const { header } of tarEntries(
      (async function* () {
        yield bytes;
      })(),
    ))
      paths.push(header.path);
    expect(paths).toEqual(['common', 'which']);
    const two = {
      context,
      platforms: ['linux/amd64', 'linux/arm64'],
      outputs: [{ type: 'tar', destination: 'x' }],
    } as const;
    expect(await failure(createBuilder().build(two))).toMatchObject({ code: 'OPTION_ONE_PLATFORM' });
  });
});

/** A layout of an image with two layers, the upper one with a hard link. */
async function baseLayout(): Promise<string> {
  const store = createBlobStore(tempDir());
  const layers = [
    await makeLayer(store, makeTar({ 'etc/': '', 'etc/keep': 'keep', 'etc/gone': 'gone' })),
    await makeLayer(store, makeTar({ 'etc/old': 'old' })),
  ];
  const image = await makeImage(store, { layers });
  const dir = join(tempDir(), 'base');
  await writeLayout(dir, [{ image, names: [] }], store);
  return dir;
}

describe('squash', () => {
  it('lays one layer over the base, whose layers stay', async () => {
    const builder = createBuilder();
    const buildContexts = { base: `oci-layout://${await baseLayout()}` };
    const files = { Dockerfile: 'FROM base\nCOPY a /etc/old\nCOPY a /one\nCOPY b /two\nCOPY b /one\n', a: 'a', b: 'b' };
    const layout = join(tempDir(), 'layout');
    const tree = tempDir();
    const outputs = [
      { type: 'oci-layout', destination: layout },
      { type: 'local', destination: tree },
    ] as const;
    const { image } = await builder.build({ files, buildContexts, squash: true, outputs });
    expect(image.layers).toHaveLength(3);
    const opened = await readLayout(layout);
    const written = await readLayoutImage(opened, {}, { os: 'linux', architecture: 'amd64' });
    expect(await validateImage(opened.reader, written.descriptor)).toEqual([]);
    const read = (path: string): string => readFileSync(join(tree, path), 'utf8');
    expect(['etc/keep', 'etc/old', 'one', 'two'].map(read)).toEqual(['keep', 'a', 'b', 'b']);
    expect(lstatSync(join(tree, 'etc')).isDirectory()).toBe(true);
  });
});

describe('compression options', () => {
  it('leave the layers of a base alone, unless forced', async () => {
    const builder = createBuilder();
    const buildContexts = { base: `oci-layout://${await baseLayout()}` };
    const files = { Dockerfile: 'FROM base\nCOPY a /a\n', a: 'a'.repeat(100_000) };
    const types = async (options: object): Promise<string[]> =>
      (await builder.build({ files, buildContexts, compression: 'zstd', ...options })).image.layers.map(
        ({ descriptor }) => descriptor.mediaType.split('+')[1] ?? '',
      );
    expect(await types({})).toEqual(['gzip', 'gzip', 'zstd']);
    expect(await types({ forceCompression: true })).toEqual(['zstd', 'zstd', 'zstd']);
  });

  it('give other bytes and the same diff IDs at another level', async () => {
    const builder = createBuilder();
    const files = {
      Dockerfile: 'FROM scratch\nCOPY a /a\n',
      a: Array.from({ length: 9999 }, (_, n) => n * n).join(' '),
    };
    const context = tempDir(files);
    const fast = await builder.build({ context, compressionLevel: 1 });
    const small = await builder.build({ context, compressionLevel: 9 });
    expect(small.image.config.rootfs).toEqual(fast.image.config.rootfs);
    const [a, b] = [fast, small].map(({ image }) => image.layers[0]?.descriptor.size ?? 0);
    expect(b).toBeLessThan(a ?? 0);
    expect((await builder.build({ context, compressionLevel: 9 })).image.descriptor).toEqual(small.image.descriptor);
  });
});

describe('a layout in dist', () => {
  it('is linked to the store and not touched when nothing has changed', async () => {
    const builder = createBuilder();
    const context = tempDir(FILES);
    const layout = join(tempDir(), 'dist');
    const build = () => builder.build({ context, outputs: [{ type: 'oci-layout', destination: layout }] });
    const { image } = await build();
    const index = join(layout, 'index.json');
    const before = statSync(index).mtimeMs;
    const layer = image.layers[0]?.descriptor.digest.slice(7) ?? '';
    expect(statSync(join(layout, 'blobs/sha256', layer)).nlink).toBeGreaterThan(1);
    await build();
    expect(statSync(index).mtimeMs).toBe(before);
    writeFileSync(join(context, 'common'), 'changed');
    await build();
    expect(existsSync(join(layout, 'blobs/sha256', layer))).toBe(false);
  });

  it('is the same to the byte on every machine, and holds the image and nothing else', async () => {
    const layouts = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const destination = join(tempDir(), name, 'dist');
        const outputs = [{ type: 'oci-layout', destination }] as const;
        const { image } = await createBuilder().build({ files: FILES, tags: ['acme/app:1'], outputs });
        return { destination, image };
      }),
    );
    const [files, others] = layouts.map(({ destination }) =>
      readdirSync(destination, { recursive: true, encoding: 'utf8' })
        .filter((name) => statSync(join(destination, name)).isFile())
        .sort()
        .map((name) => [name, readFileSync(join(destination, name), 'base64')]),
    );
    expect(others).toEqual(files);
    expect(files).toHaveLength(2 + 2 + (layouts[0]?.image.layers.length ?? 0));
  });
});

describe('an offline build', () => {
  it('says what is not on this machine, and refuses to push', async () => {
    const builder = createBuilder();
    const files = { Dockerfile: 'FROM r.example/none\n' };
    expect(await failure(builder.build({ files, offline: true }))).toMatchObject({
      code: 'REGISTRY_OFFLINE',
      hint: 'fetch it once while there is a network: lamella pull r.example/none:latest',
    });
    const push = { files: FILES, offline: true, tags: ['r.example/a'], outputs: [{ type: 'registry' }] } as const;
    expect(await failure(builder.build(push))).toMatchObject({ code: 'OPTION_CONTRADICTION' });
  });
});
