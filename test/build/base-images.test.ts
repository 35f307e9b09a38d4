import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/core/digest.ts';
import type { Image, ImageConfig } from '../../src/core/image.ts';
import { MediaType } from '../../src/core/media-types.ts';
import { ociLayout } from '../../src/index.ts';
import { digestOf } from '../../src/io/hash.ts';
import { formatIndex } from '../../src/oci/image/manifest.ts';
import { type Builder, createBuilder, eventsOf } from '../support/build.ts';
import { readImageTree } from '../support/image-tree.ts';
import { publishImage } from '../support/publish-image.ts';
import { answer } from '../support/registry/faults.ts';
import { startRegistry, type TestRegistry } from '../support/registry/server.ts';
import { tempDir } from '../support/temp-dir.ts';

const platform = 'linux/amd64';

interface Base {
  readonly registry: TestRegistry;
  readonly image: Image;
  readonly name: string;
  readonly builder: Builder;
}

async function setup(config?: Partial<ImageConfig>): Promise<Base> {
  const registry = await startRegistry();
  const image = await publishImage(registry, 'first', config);
  return { registry, image, name: `${registry.host}/base:1`, builder: createBuilder() };
}

function from(name: string) {
  return { files: { Dockerfile: `FROM ${name}\nCOPY a /a\n`, a: 'a' }, platform };
}

function blobPath({ builder }: Base, digest: Digest | undefined): string {
  return join(builder.cacheDir, 'store/blobs/sha256', String(digest).slice('sha256:'.length));
}

function lines({ registry }: Base, from = 0): string[] {
  return registry.requests.slice(from).map(({ line }) => line);
}

/** A registry that has had enough of this user: not worth waiting for. */
function refuse({ registry }: Base): void {
  registry.faults.push(answer(/manifests/, { status: 429, headers: { 'retry-after': '3600' } }));
}

describe('a base image from a registry', () => {
  it('is fetched once; an unchanged tag then costs one question', async () => {
    const base = await setup();
    const first = await base.builder.build(from(base.name));
    const asked = base.registry.requests.length;
    const second = await base.builder.build(from(base.name));
    expect(lines(base, asked)).toEqual(['HEAD /v2/base/manifests/1']);
    const told = { type: 'tag-asked', reference: base.name, durationMs: expect.any(Number) };
    expect([eventsOf(first, 'tag-asked'), eventsOf(second, 'tag-asked')]).toEqual([[], [told]]);
    expect(second.image).toEqual(first.image);
    expect(second.image.layers.slice(0, 2)).toEqual(base.image.layers);
  });

  it('tells which image it is, once for all stages, and how far its layers are', async () => {
    const base = await setup();
    const dockerfileText = `FROM ${base.name} AS a\nFROM ${base.name} AS b\nCOPY --from=a /one.txt /\nCOPY --from=${base.name} /two.txt /\n`;
    const build = await base.builder.build({ files: {}, dockerfileText, platform });
    const { digest } = base.image.descriptor;
    expect(eventsOf(build, 'image-resolved')).toEqual([{ type: 'image-resolved', reference: base.name, digest }]);
    const progress = new Map(eventsOf(build, 'progress').map((event) => [event.id, event]));
    expect(progress.size).toBe(2);
    for (const { current, total } of progress.values()) expect(current).toBe(total);
    const bytes = base.image.layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    const name = base.name;
    const sum = { id: `pull ${name}`, label: `pull ${name}`, done: 2, count: 2, current: bytes, total: bytes };
    expect(eventsOf(build, 'progress')[0]?.sum).toMatchObject({ done: 0, current: 0 });
    expect(eventsOf(build, 'progress').at(-1)?.sum).toEqual(sum);
  });

  it('of the same registry gives its layers to the image that is pushed, and that one to the next', async () => {
    const base = await setup();
    const uploaded = (repository: string): string[] =>
      lines(base, 0).filter((line) => line.startsWith(`PUT /v2/${repository}/blobs/`));
    for (const repository of ['team/app', 'other/app']) {
      const tags = [`${base.registry.host}/${repository}:1`];
      const { image } = await base.builder.build({ ...from(base.name), tags, outputs: [{ type: 'registry' }] });
      for (const { descriptor } of image.layers) {
        expect(base.registry.blobs.has(`${repository}@${descriptor.digest}`)).toBe(true);
      }
    }
    expect(uploaded('team/app')).toHaveLength(2);
    expect(uploaded('other/app')).toEqual([]);
  });

  it.each(['newer', 'always'] as const)('is fetched anew under pull=%s when its tag has moved', async (pull) => {
    const base = await setup();
    await base.builder.build(from(base.name));
    const moved = await publishImage(base.registry, 'second');
    const { image } = await base.builder.build({ ...from(base.name), pull });
    expect(image.layers.slice(0, 2)).toEqual(moved.layers);
  });

  it.each(['missing', 'never'] as const)('is taken as it was pulled under pull=%s: nobody is asked', async (pull) => {
    const base = await setup();
    await base.builder.build(from(base.name));
    const asked = base.registry.requests.length;
    const { image } = await base.builder.build({ ...from(base.name), pull });
    expect(lines(base, asked)).toEqual([]);
    expect(image.layers.slice(0, 2)).toEqual(base.image.layers);
  });

  it('that was never pulled is an error under pull=never, with its place', async () => {
    const base = await setup();
    const build = base.builder.build({ ...from(base.name), pull: 'never' });
    await expect(build).rejects.toMatchObject({ code: 'REGISTRY_NOT_PULLED', span: { start: { line: 1 } } });
    expect(lines(base)).toEqual([]);
  });

  it('is used as it was pulled, with a warning, when the registry does not answer', async () => {
    const base = await setup();
    await base.builder.build(from(base.name));
    refuse(base);
    const offline = await base.builder.build(from(base.name));
    expect(offline.image.layers.slice(0, 2)).toEqual(base.image.layers);
    expect(eventsOf(offline, 'warning')).toMatchObject([{ diagnostic: { code: 'REGISTRY_RATE_LIMITED' } }]);
    const insisting = base.builder.build({ ...from(base.name), pull: 'always' });
    await expect(insisting).rejects.toMatchObject({ code: 'REGISTRY_RATE_LIMITED' });
  });

  it.each([
    ['a layer was cut short', (base: Base) => truncateSync(blobPath(base, base.image.layers[0]?.descriptor.digest), 3)],
    ['a layer is gone', (base: Base) => rmSync(blobPath(base, base.image.layers[1]?.descriptor.digest))],
    ['its manifest is gone', (base: Base) => rmSync(blobPath(base, base.image.descriptor.digest))],
    ['its manifest was cut short', (base: Base) => truncateSync(blobPath(base, base.image.descriptor.digest), 3)],
  ])('is completed when %s', async (_, damage) => {
    for (const pull of ['newer', 'missing'] as const) {
      const base = await setup();
      const first = await base.builder.build({ ...from(base.name), tags: ['kept'] });
      damage(base);
      const out = join(tempDir(), 'layout');
      const second = await base.builder.build({ ...from(base.name), pull, outputs: [ociLayout(out)] });
      expect(second).toMatchObject({ executed: 0, image: first.image });
      expect((await readImageTree(out)).paths.get('/one.txt')).toMatchObject({ size: 'one first'.length });
    }
  });

  it('with a layer that cannot be fetched ends the build, and nothing is left behind', async () => {
    const base = await setup();
    base.registry.faults.push(answer(/GET .*blobs/, { status: 404 }));
    await expect(base.builder.build(from(base.name))).rejects.toMatchObject({ family: 'registry' });
    expect(readdirSync(join(base.builder.cacheDir, 'tmp'))).toEqual([]);
  });

  it('of another platform is used with a warning', async () => {
    const base = await setup({ architecture: 'arm64' });
    const build = await base.builder.build(from(base.name));
    expect(build.image.layers).toHaveLength(3);
    expect(eventsOf(build, 'warning')).toMatchObject([
      { diagnostic: { code: 'InvalidBaseImagePlatform', span: { start: { line: 1 } } } },
    ]);
    const asked = await base.builder.build({ ...from(base.name), platform: 'linux/arm64' });
    expect(eventsOf(asked, 'warning')).toEqual([]);
  });

  it('of 32 bits is used where the index has none of 64, with a warning', async () => {
    const base = await setup({ architecture: '386' });
    const platforms = ['arm64', '386'].map((architecture) => ({ os: 'linux', architecture }));
    const index = formatIndex(platforms.map((platform) => ({ ...base.image.descriptor, platform })));
    base.registry.putManifest('base', '1', MediaType.ociIndex, index);
    const build = await base.builder.build({ ...from(base.name), platform: 'linux/amd64' });
    expect(build.image.layers.slice(0, 2)).toEqual(base.image.layers);
    expect(eventsOf(build, 'warning')).toMatchObject([{ diagnostic: { code: 'InvalidBaseImagePlatform' } }]);
  });

  it('is chosen from an index that holds attestations too', async () => {
    const base = await setup();
    const arm = await publishImage(base.registry, 'arm', { architecture: 'arm64' });
    const attestation = { ...arm.descriptor, platform: { os: 'unknown', architecture: 'unknown' } };
    const index = formatIndex([
      { ...arm.descriptor, platform: { os: 'linux', architecture: 'arm64' } },
      { ...base.image.descriptor, platform: { os: 'linux', architecture: 'amd64' } },
      { ...attestation, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
    ]);
    base.registry.putManifest('base', '1', MediaType.ociIndex, index);
    const first = await base.builder.build(from(base.name));
    expect(first.image.layers.slice(0, 2)).toEqual(base.image.layers);
    expect(eventsOf(first, 'image-resolved')).toMatchObject([{ digest: digestOf(index) }]);
    const asked = base.registry.requests.length;
    const second = await base.builder.build(from(base.name));
    expect(eventsOf(second, 'image-resolved')).toEqual(eventsOf(first, 'image-resolved'));
    expect(lines(base, asked)).toEqual(['HEAD /v2/base/manifests/1']);
  });
});

describe('a base image from the local store', () => {
  it('is found by its name; pull=always asks the registry instead', async () => {
    const base = await setup();
    const local = await base.builder.build({ files: { Dockerfile: 'FROM scratch\nCOPY . /\n' }, tags: [base.name] });
    const { image } = await base.builder.build(from(base.name));
    expect(image.layers[0]).toEqual(local.image.layers[0]);
    expect(lines(base)).toEqual([]);
    const always = await base.builder.build({ ...from(base.name), pull: 'always' });
    expect(always.image.layers.slice(0, 2)).toEqual(base.image.layers);
  });

  it('whose layer is missing is an error that says how to go on', async () => {
    const builder = createBuilder();
    const { image } = await builder.build({ files: { Dockerfile: 'FROM scratch\nCOPY . /\n' }, tags: ['app'] });
    rmSync(blobPath({ builder } as Base, image.layers[0]?.descriptor.digest));
    const build = builder.build({ files: {}, dockerfileText: 'FROM app\n' });
    await expect(build).rejects.toMatchObject({
      code: 'CONTENT_NOT_FOUND',
      hint: expect.stringContaining('lamella rm'),
    });
  });
});

describe('a named context', () => {
  async function layoutOf(text: string): Promise<string> {
    const dir = join(tempDir(), 'layout');
    const builder = createBuilder();
    const files = { Dockerfile: 'FROM scratch\nCOPY file.txt /\n', 'file.txt': text };
    await builder.build({ files, outputs: [ociLayout(dir)] });
    return dir;
  }

  it('replaces a base image by one of a layout', async () => {
    const dir = await layoutOf('in the layout');
    const buildContexts = { 'example.com/base': `oci-layout://${dir}` };
    const out = join(tempDir(), 'out');
    const build = await createBuilder().build({
      ...from('example.com/base:latest'),
      buildContexts,
      outputs: [ociLayout(out)],
    });
    expect([...(await readImageTree(out)).paths.keys()].sort()).toEqual(['/a', '/file.txt']);
    expect(eventsOf(build, 'image-resolved')).toMatchObject([{ reference: dir }]);
  });

  it('replaces a base image by another one of a registry', async () => {
    const base = await setup();
    const buildContexts = { 'example.com/base': `docker-image://${base.name}` };
    const { image } = await base.builder.build({ ...from('example.com/base'), buildContexts });
    expect(image.layers.slice(0, 2)).toEqual(base.image.layers);
  });

  it('that is a directory can stand for a base image and for a stage', async () => {
    const directory = tempDir({ 'lib/x.txt': 'x', 'lib/y.txt': 'y', '.dockerignore': 'lib/y.txt' });
    const dockerfileText = [
      'FROM example.com/gone AS deps',
      'FROM example.com/base',
      'COPY --from=deps /lib/x.txt /copied.txt',
    ].join('\n');
    const out = join(tempDir(), 'out');
    const builder = createBuilder();
    const options = {
      dockerfileText,
      files: {},
      buildContexts: { deps: directory, 'example.com/base': directory },
      outputs: [ociLayout(out)],
    };
    const build = await builder.build(options);
    const { paths, config } = await readImageTree(out);
    expect([...paths.keys()].sort()).toEqual(['/.dockerignore', '/copied.txt', '/lib', '/lib/x.txt']);
    expect(paths.get('/lib/x.txt')).toMatchObject({ uid: 0, gid: 0, size: 1 });
    expect(config.history).toHaveLength(2);
    expect(await builder.build(options)).toMatchObject({ executed: 0, image: build.image });
  });

  it('of the main context has an ignore file of its own', async () => {
    const context = tempDir({
      Dockerfile: 'FROM scratch\nCOPY . /main/\nCOPY --from=named . /named/\n',
      'Dockerfile.dockerignore': 'b',
      '.dockerignore': 'a',
      a: 'a',
      b: 'b',
    });
    const out = join(tempDir(), 'out');
    await createBuilder().build({ context, buildContexts: { named: context }, outputs: [ociLayout(out)] });
    const { paths } = await readImageTree(out);
    expect([paths.has('/main/a'), paths.has('/main/b')]).toEqual([true, false]);
    expect([paths.has('/named/a'), paths.has('/named/b')]).toEqual([false, true]);
  });
});
