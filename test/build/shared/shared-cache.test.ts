import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hexOf } from '../../../src/core/digest.ts';
import { type SharedCacheSource, verifyCache } from '../../../src/index.ts';
import { createBuilder, eventsOf, type TestBuild } from '../../support/build.ts';
import { answer } from '../../support/registry/faults.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';
import { FILES, machine } from '../../support/shared-cache.ts';
import { tarOf } from '../../support/tar-of.ts';
import { tempDir } from '../../support/temp-dir.ts';

interface Place {
  readonly to: SharedCacheSource;
  readonly from: SharedCacheSource;
  /** Names of the documents of steps. */
  readonly steps: () => readonly string[];
}

const KINDS: readonly [kind: string, open: () => Promise<Place>][] = [
  [
    'registry',
    async () => {
      const registry = await startRegistry();
      const place = { type: 'registry', ref: `${registry.host}/team/cache:main` } as const;
      const names = () => [...registry.manifests.keys()].filter((name) => name.includes(':lamella-'));
      return { to: place, from: place, steps: names };
    },
  ],
  [
    'local',
    async () => {
      const path = join(tempDir(), 'shared');
      const place = { type: 'local', path } as const;
      return { to: place, from: place, steps: () => readdirSync(join(path, 'steps')) };
    },
  ],
];

function warnings(build: TestBuild): string[] {
  return eventsOf(build, 'warning').map(({ diagnostic }) => diagnostic.message);
}

describe.each(KINDS)('a shared cache of type %s', (_, open) => {
  it('gives another machine all steps of mode max, and the same image', async () => {
    const { to, from, steps } = await open();
    const first = await machine()({ cacheTo: [{ ...to, mode: 'max' }] });
    expect(steps()).toHaveLength(4);
    const second = await machine()({ cacheFrom: [from] });
    expect([second.cached, second.executed]).toEqual([4, 0]);
    expect(second.image).toEqual(first.image);
    expect([...warnings(first), ...warnings(second)]).toEqual([]);
  });

  it('has with mode min only the steps whose layers the image has', async () => {
    const { to, from, steps } = await open();
    await machine()({ cacheTo: [to] });
    expect(steps()).toHaveLength(2);
    const second = await machine()({ cacheFrom: [from] });
    expect([second.cached, second.executed]).toEqual([2, 2]);
  });

  it('leaves the cache folder whole on the machine that takes from it, and needs it no more there', async () => {
    const { to, from } = await open();
    await machine()({ cacheTo: [{ ...to, mode: 'max' }] });
    const builder = createBuilder();
    await builder.build({ files: FILES, tags: ['app'], cacheFrom: [from] });
    expect((await verifyCache({ cacheDir: builder.cacheDir })).damage).toEqual([]);
    const again = await builder.build({ files: FILES, tags: ['app'] });
    expect([again.cached, again.executed]).toEqual([2, 2]);
  });

  it('is also written from what was found in the cache folder, and once', async () => {
    const { to, steps } = await open();
    const build = machine();
    await build();
    await build({ cacheTo: [{ ...to, mode: 'max' }] });
    const before = steps();
    expect(before).toHaveLength(4);
    await build({ cacheTo: [{ ...to, mode: 'max' }] });
    expect(steps()).toEqual(before);
  });

  it('gives a layer that was compressed otherwise anew, with the digest of a build without the cache', async () => {
    const { to, from } = await open();
    await machine()({ cacheTo: [{ ...to, mode: 'max' }], compression: 'zstd' });
    const plain = await machine()();
    const second = await machine()({ cacheFrom: [from] });
    expect(second.executed).toBe(0);
    expect(second.image).toEqual(plain.image);
  });

  it('is neither read nor asked under noCache', async () => {
    const { to, from } = await open();
    await machine()({ cacheTo: [{ ...to, mode: 'max' }] });
    expect(await machine()({ cacheFrom: [from], noCache: true })).toMatchObject({ executed: 4 });
  });

  it('is shared by machines that build at the same time', async () => {
    const { to, from } = await open();
    const shared = { cacheTo: [{ ...to, mode: 'max' } as const], cacheFrom: [from] };
    const builders = [createBuilder(), createBuilder(), createBuilder()];
    const builds = await Promise.all(builders.map((builder) => builder.build({ files: FILES, ...shared })));
    expect(new Set(builds.map(({ image }) => image.descriptor.digest)).size).toBe(1);
    for (const { cacheDir } of builders) expect((await verifyCache({ cacheDir })).damage).toEqual([]);
    expect(await machine()({ cacheFrom: [from] })).toMatchObject({ executed: 0 });
  });
});

describe('a shared cache in a registry', () => {
  async function filled(): Promise<{ registry: TestRegistry; from: SharedCacheSource; first: TestBuild }> {
    const registry = await startRegistry();
    const from = { type: 'registry', ref: `${registry.host}/team/cache` } as const;
    const first = await machine()({ cacheTo: [{ ...from, mode: 'max' }] });
    return { registry, from, first };
  }

  it('sends no layer that the image does not have: a table of contents is enough to go on', async () => {
    const { registry, from, first } = await filled();
    const count = registry.requests.length;
    const second = await machine()({ cacheFrom: [from] });
    const fetched = registry.requests
      .slice(count)
      .filter(({ line }) => line.startsWith('GET') && line.includes('/blobs/'));
    const layers = second.image.layers.map(({ descriptor }) => descriptor.digest);
    const written = eventsOf(first, 'layer-written').map(({ layer }) => layer.digest);
    const unused = written.filter((digest) => !layers.includes(digest));
    expect(unused).toHaveLength(2);
    expect(fetched.filter(({ line }) => unused.some((digest) => line.includes(digest)))).toEqual([]);
    expect(fetched.filter(({ line }) => layers.some((digest) => line.includes(digest)))).toHaveLength(layers.length);
  });

  it.each(['min', 'max'] as const)('gets a step while the build goes on, with mode %s', async (mode) => {
    const { registry, from } = await filled();
    const written = Promise.withResolvers<void>();
    registry.faults.push((request, response) => {
      if (/^PUT .*\/manifests\/lamella-/.test(`${request.method} ${request.url}`)) written.resolve();
      if (request.url !== '/waited-for') return false;
      written.promise.then(() => response.end('x'));
      return true;
    });
    const dockerfileText = `FROM scratch\nCOPY a.txt /new/\nADD http://${registry.host}/waited-for /\n`;
    expect(await machine()({ dockerfileText, cacheTo: [{ ...from, mode }] })).toMatchObject({ executed: 2 });
  });

  it('that cannot be reached costs a warning, once, and the build goes on', async () => {
    const from = { type: 'registry', ref: '127.0.0.1:1/team/cache' } as const;
    const build = await machine()({ cacheFrom: [from], cacheTo: [{ ...from, mode: 'max' }] });
    expect(build.executed).toBe(4);
    expect(warnings(build)).toHaveLength(2);
    expect(warnings(build)[0]).toMatch(/shared cache: .*it is left alone/);
  });

  it('that cannot be written ends the build when that was asked for', async () => {
    const target = { type: 'registry', ref: '127.0.0.1:1/team/cache', ignoreError: false } as const;
    await expect(machine()({ cacheTo: [target] })).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  it('that answers no JSON, or a step of another key, counts as empty', async () => {
    const { registry, from } = await filled();
    for (const body of ['<html>', JSON.stringify({ schemaVersion: 2, layers: [], config: {} })]) {
      registry.faults.push(answer(/GET .*manifests\/lamella-/, { status: 200, body }));
      const build = await machine()({ cacheFrom: [from] });
      expect(build.executed).toBe(4);
      expect(warnings(build).length).toBeGreaterThan(0);
      registry.faults.pop();
    }
    const names = [...registry.manifests.keys()].filter((name) => name.includes(':lamella-'));
    const [one, other] = names.map((name) => registry.manifests.get(name));
    for (const name of names) {
      const wrong = registry.manifests.get(name) === one ? other : one;
      if (wrong !== undefined) registry.manifests.set(name, wrong);
    }
    expect(await machine()({ cacheFrom: [from] })).toMatchObject({ executed: 4 });
  });

  it.each([
    ['is gone when it is needed', answer(/GET .*\/blobs\//, { status: 404 })],
    ['cannot be fetched any more', answer(/GET .*\/blobs\//, { status: 403 })],
  ])('whose layer %s costs a warning and the step', async (_, fault) => {
    const { registry, from, first } = await filled();
    const digests = first.image.layers.map(({ descriptor }) => descriptor.digest);
    registry.faults.push((request, response) =>
      digests.some((digest) => request.url?.includes(digest)) ? fault(request, response) : false,
    );
    const second = await machine()({ cacheFrom: [from] });
    expect(second.image).toEqual(first.image);
    expect(second.executed).toBe(2);
    expect(warnings(second).at(-1)).toMatch(/^shared cache: .*; what it had is made here$/);
    expect(new Set(warnings(second)).size).toBe(warnings(second).length);
  });

  it('whose layer is gone costs no context that comes as a stream', async () => {
    const { registry, from, first } = await filled();
    const layer = first.image.layers[0]?.descriptor.digest ?? '';
    registry.faults.push(answer(new RegExp(`GET .*/blobs/${layer}`), { status: 404 }));
    async function* stream(): AsyncGenerator<Uint8Array, void> {
      yield await tarOf(FILES);
    }
    const { image } = await createBuilder().build({ context: stream(), tags: ['app'], cacheFrom: [from] });
    expect(image.layers).toEqual(first.image.layers);
  });

  it('that gives other bytes for a layer fails the build, and nothing of it is kept', async () => {
    const { registry, from, first } = await filled();
    const digest = first.image.layers[0]?.descriptor.digest ?? '';
    registry.blobs.set(`team/cache@${digest}`, Buffer.alloc(first.image.layers[0]?.descriptor.size ?? 0));
    const builder = createBuilder();
    await expect(builder.build({ files: FILES, cacheFrom: [from] })).rejects.toMatchObject({ family: 'content' });
    expect((await verifyCache({ cacheDir: builder.cacheDir })).damage).toEqual([]);
    expect((await builder.build({ files: FILES, tags: ['app'] })).image).toEqual(first.image);
  });

  it.each([
    ['of another step', (first: TestBuild) => first.image.layers[1]?.descriptor],
    ['of its table of contents', (_: TestBuild, toc: object) => toc],
  ])('that names the blob %s for a layer is found out before anything is recorded', async (_, choose) => {
    const { registry, from, first } = await filled();
    const diffId = first.image.layers[0]?.diffId;
    for (const [key, { bytes, mediaType }] of registry.manifests) {
      const document = JSON.parse(bytes.toString());
      if (document.annotations['dev.lamella.diff-id'] !== diffId) continue;
      const { digest, size } = choose(first, document.layers[1]) as { digest: string; size: number };
      const forged = { ...document, layers: [{ ...document.layers[0], digest, size }, document.layers[1]] };
      registry.manifests.set(key, { mediaType, bytes: Buffer.from(JSON.stringify(forged)) });
    }
    const builder = createBuilder();
    const outcome = await builder.build({ files: FILES, cacheFrom: [from] }).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toMatchObject({ family: expect.stringMatching(/content|layer/) });
    else expect((outcome as TestBuild).image).toEqual(first.image);
    expect((await verifyCache({ cacheDir: builder.cacheDir })).damage).toEqual([]);
    expect((await builder.build({ files: FILES })).image).toEqual(first.image);
  });

  it('never holds values: no argument, no variable of the environment', async () => {
    const { registry, from } = await filled();
    const text = 'FROM scratch\nARG TOKEN\nCOPY a.txt /$TOKEN/\n';
    const to = { ...from, mode: 'max' } as const;
    await machine()({ dockerfileText: text, buildArgs: { TOKEN: 'hunter2' }, cacheTo: [to] });
    const documents = [...registry.manifests.values()].map(({ bytes }) => bytes.toString());
    expect(documents.filter((document) => document.includes('hunter2'))).toEqual([]);
  });
});

it('a directory with damage counts as empty where it is damaged', async () => {
  const path = join(tempDir(), 'shared');
  const place = { type: 'local', path } as const;
  const first = await machine()({ cacheTo: [{ ...place, mode: 'max' }] });
  for (const name of readdirSync(join(path, 'steps'))) {
    const file = join(path, 'steps', name);
    writeFileSync(file, readFileSync(file).subarray(0, -20));
  }
  expect(await machine()({ cacheFrom: [place] })).toMatchObject({ executed: 4 });
  rmSync(join(path, 'steps'), { recursive: true });
  await machine()({ cacheTo: [{ ...place, mode: 'max' }] });
  for (const { descriptor } of first.image.layers) rmSync(join(path, 'blobs/sha256', hexOf(descriptor.digest)));
  expect(await machine()({ cacheFrom: [place] })).toMatchObject({ executed: 2 });
});
