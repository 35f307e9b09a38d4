import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { cacheFolders } from '../../../src/build/cache-folders.ts';
import { NPM_CLAIM } from '../../../src/build/care/fetched-items.ts';
import { createClaims } from '../../../src/build/claims.ts';
import { hexOf } from '../../../src/core/digest.ts';
import {
  type BuildOptions,
  type CacheItem,
  listCache,
  listImages,
  pruneCache,
  removeImage,
  verifyCache,
} from '../../../src/index.ts';
import { createWorkspace } from '../../../src/io/workspace.ts';
import { createBuilder, eventsOf } from '../../support/build.ts';
import { startFileServer } from '../../support/file-server.ts';
import { tempDir } from '../../support/temp-dir.ts';

const MAIN = fileURLToPath(new URL('../../support/build-process-main.ts', import.meta.url));
const DOCKERFILE = 'FROM scratch\nARG N\nCOPY . /app$N\nWORKDIR /srv$N\n';
const FILES = { Dockerfile: DOCKERFILE, 'a.txt': 'a', 'b/c.txt': 'some text\n' };

function makeOld(cacheDir: string, days: number): void {
  const time = Date.now() / 1000 - days * 86_400;
  for (const entry of readdirSync(cacheDir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), time, time);
  }
}

function write(cacheDir: string, path: string, text: string): void {
  mkdirSync(dirname(join(cacheDir, path)), { recursive: true });
  writeFileSync(join(cacheDir, path), text);
}

function files(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

async function buildInProcess(options: BuildOptions): Promise<string> {
  const args = ['--disable-warning=ExperimentalWarning', MAIN, JSON.stringify(options)];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

describe('pruneCache', () => {
  it('takes away what an earlier version kept in folders for two digits, which no build finds and no verification minds', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    await builder.build({ files: FILES, tags: ['app'] });
    const folders = ['records', 'definitions', 'long-values', 'blobs', 'blocks', 'repositories', 'tocs'];
    for (const folder of folders) write(cacheDir, join(folder, 'ab', 'c'.repeat(62)), '{}');
    expect((await verifyCache({ cacheDir })).damage).toEqual([]);
    await pruneCache({ cacheDir });
    expect(folders.filter((folder) => existsSync(join(cacheDir, folder, 'ab')))).toEqual([]);
    expect((await builder.build({ files: FILES })).executed).toBe(0);
  });

  it('without limits takes only what nobody can reach: images without a name', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    await builder.build({ files: FILES, tags: ['app'] });
    const nameless = await builder.build({ files: FILES, buildArgs: { N: '2' } });
    const { removed } = await pruneCache({ cacheDir });
    const { descriptor, config } = nameless.image;
    expect(removed.map(({ kind }) => kind)).toEqual(['other', 'other']);
    expect(removed.map(({ id }) => id)).toContain(descriptor.digest);
    expect(config.rootfs.diff_ids).toHaveLength(2);
    const again = await builder.build({ files: FILES, buildArgs: { N: '2' } });
    expect([again.cached, again.executed]).toEqual([2, 0]);
    expect((await verifyCache({ cacheDir })).damage).toEqual([]);
  });

  it('leaves all of an image for several platforms', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    const dockerfileText = 'FROM scratch\nARG TARGETARCH\nCOPY a.txt /$TARGETARCH\n';
    const platforms = ['linux/amd64', 'linux/arm64'];
    await builder.build({ files: FILES, dockerfileText, platforms, tags: ['app'] });
    const whole = [await listImages({ cacheDir }), (await verifyCache({ cacheDir })).damage];
    expect(whole).toEqual([[expect.objectContaining({ platform: platforms.join(',') })], []]);
    await pruneCache({ cacheDir, all: true });
    expect([await listImages({ cacheDir }), (await verifyCache({ cacheDir })).damage]).toEqual(whole);
    await removeImage('app', { cacheDir });
    expect(await pruneCache({ cacheDir, all: true })).toMatchObject({ left: 0 });
  });

  it('with all takes everything but what a name needs, and after that name is gone everything', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    const named = await builder.build({ files: FILES, tags: ['app'] });
    await builder.build({ files: FILES, buildArgs: { N: '2' } });
    await pruneCache({ cacheDir, all: true });
    expect((await verifyCache({ cacheDir })).damage).toEqual([]);
    expect((await builder.build({ files: FILES, tags: ['app'] })).image.descriptor).toEqual(named.image.descriptor);
    const left = (await listCache({ cacheDir })).filter(({ kind }) => kind !== 'other');
    expect(left.every(({ reachedBy }) => reachedBy === 'named')).toBe(true);
    await removeImage('app', { cacheDir });
    expect(await pruneCache({ cacheDir, all: true })).toMatchObject({ left: 0 });
    for (const folder of ['records', 'definitions', 'blobs', 'tocs', 'store/blobs', 'tmp']) {
      expect(files(join(cacheDir, folder)), folder).toEqual([]);
    }
  });

  it('takes what was used longest ago first, and counts finding as use', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    const context = tempDir(FILES);
    for (const N of ['1', '2']) await builder.build({ context, buildArgs: { N } });
    makeOld(cacheDir, 10);
    await builder.build({ context, buildArgs: { N: '1' } });
    const { removed } = await pruneCache({ cacheDir, olderThanMs: 86_400_000 });
    expect(removed.filter(({ kind }) => kind === 'layer').map(({ text }) => text)).toEqual([
      'COPY . /app$N',
      'WORKDIR /srv$N',
    ]);
    expect(await builder.build({ context, buildArgs: { N: '1' } })).toMatchObject({ cached: 2 });
    expect(await builder.build({ context, buildArgs: { N: '2' } })).toMatchObject({ executed: 2 });
  });

  it('only says under dryRun what it would take', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    await builder.build({ files: FILES });
    const before = files(cacheDir);
    const planned = await pruneCache({ cacheDir, all: true, dryRun: true });
    expect(files(cacheDir).filter((name) => name !== 'sizes.json')).toEqual(before);
    expect(await pruneCache({ cacheDir, all: true })).toEqual(planned);
  });

  it('takes directories of layers and cache mounts by their last use', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    await builder.build({ files: FILES });
    for (const path of ['snapshots/root/0123456789abcdef01234567/etc', 'mounts/root/aaaaaaaaaaaaaaaaaaaaaaaa/npm']) {
      mkdirSync(join(cacheDir, path), { recursive: true });
      writeFileSync(join(cacheDir, path, 'file'), 'x'.repeat(5000));
    }
    const kinds = (await listCache({ cacheDir })).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['directory', 'mount']));
    const { removed } = await pruneCache({ cacheDir, all: true });
    expect(removed.filter(({ kind }) => kind === 'directory' || kind === 'mount')).toHaveLength(2);
    expect(existsSync(join(cacheDir, 'snapshots/root/0123456789abcdef01234567'))).toBe(false);
  });

  it('counts what was fetched, leaves it to the next build, and takes it by its last use', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    const server = await startFileServer(() => ({ body: 'downloaded' }));
    await builder.build({ dockerfileText: `FROM scratch\nADD ${server.url}/a ${server.url}/b /\n`, files: {} });
    write(cacheDir, 'git/aaaaaaaaaaaaaaaaaaaaaaaa/objects/pack', 'x'.repeat(5000));
    write(cacheDir, 'npm/tarballs/cc', 'tarball');
    write(cacheDir, 'npm/plans/aa.json', '{}');
    const fetched = (items: readonly CacheItem[]): string[] =>
      items.flatMap(({ kind, text }) => (['download', 'git', 'npm'].includes(kind) ? [`${kind}: ${text}`] : [])).sort();
    const all = [
      'download: ADD, or a context',
      'git: a git repository',
      'npm: npm tarball',
      'npm: plan of an installation',
    ];
    const items = await listCache({ cacheDir });
    expect(fetched(items)).toEqual(all);
    expect(items.find(({ kind }) => kind === 'git')?.size).toBeGreaterThanOrEqual(5000);
    expect(fetched((await pruneCache({ cacheDir })).removed)).toEqual([]);
    makeOld(cacheDir, 1);
    await builder.build({ dockerfileText: `FROM scratch\nADD ${server.url}/a /\n`, files: {} });
    const old = await pruneCache({ cacheDir, olderThanMs: 80_000_000 });
    expect(fetched(old.removed)).toEqual(['npm: npm tarball', 'npm: plan of an installation']);
    expect(fetched((await pruneCache({ cacheDir, all: true })).removed)).toEqual(all.slice(0, 2));
    for (const folder of ['downloads', 'git', 'npm', 'long-values', 'traces']) {
      expect(files(join(cacheDir, folder)), folder).toEqual([]);
    }
  });

  it('leaves repositories, tarballs and downloads that a running build claims', async () => {
    const { cacheDir } = createBuilder();
    const folders = cacheFolders(cacheDir);
    write(cacheDir, 'git/aaaaaaaaaaaaaaaaaaaaaaaa/HEAD', 'ref');
    write(cacheDir, 'git/bbbbbbbbbbbbbbbbbbbbbbbb/HEAD', 'ref');
    write(cacheDir, 'npm/tarballs/cc', 'tarball');
    makeOld(cacheDir, 1);
    // The time of a directory cannot be set: what a build did not claim must be older than the build.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    {
      await using workspace = createWorkspace(folders.temporary);
      const claims = createClaims(workspace.path, folders);
      await claims.claim('aaaaaaaaaaaaaaaaaaaaaaaa');
      await claims.claim(NPM_CLAIM);
      await pruneCache({ cacheDir, all: true });
      expect(files(join(cacheDir, 'git'))).toEqual(['HEAD']);
      expect(existsSync(join(cacheDir, 'git/aaaaaaaaaaaaaaaaaaaaaaaa'))).toBe(true);
      expect(files(join(cacheDir, 'npm'))).toEqual(['cc']);
    }
    expect(await pruneCache({ cacheDir, all: true })).toMatchObject({ left: 0 });
  });

  it('takes away what leads nowhere: long values without a record, addresses without content', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`${'name'.repeat(10)}${at}`, 'x']));
    await builder.build({ files: { ...many, Dockerfile: 'FROM scratch\nCOPY . /\n' } });
    expect(files(join(cacheDir, 'long-values'))).toHaveLength(1);
    write(cacheDir, `long-values/${'0'.repeat(64)}`, 'no record');
    write(cacheDir, 'downloads/x.json', JSON.stringify({ digest: `sha256:${'0'.repeat(64)}`, size: 1 }));
    await pruneCache({ cacheDir });
    expect(files(join(cacheDir, 'long-values'))).toHaveLength(2);
    makeOld(cacheDir, 1);
    await pruneCache({ cacheDir });
    expect(files(join(cacheDir, 'long-values'))).toHaveLength(1);
    expect(files(join(cacheDir, 'downloads'))).toEqual([]);
  });

  it('leaves what a running build claims, and what was made since it began', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    const { image } = await builder.build({ files: FILES });
    makeOld(cacheDir, 1);
    const folders = cacheFolders(cacheDir);
    const [first, second] = image.layers;
    if (first === undefined || second === undefined) throw new Error('no layers');
    {
      await using workspace = createWorkspace(folders.temporary);
      await createClaims(workspace.path, folders).claim(first.descriptor.digest);
      const later = await builder.build({ files: FILES, buildArgs: { N: 'later' } });
      await pruneCache({ cacheDir, all: true });
      const left = files(join(cacheDir, 'store/blobs'));
      expect(left).toContain(hexOf(first.descriptor.digest));
      expect(left).not.toContain(hexOf(second.descriptor.digest));
      for (const { descriptor } of later.image.layers) expect(left).toContain(hexOf(descriptor.digest));
    }
    await pruneCache({ cacheDir, all: true });
    expect(files(join(cacheDir, 'store/blobs'))).toEqual([]);
  });

  it('never harms builds of other processes that run at the same time', { timeout: 240_000 }, async () => {
    const { cacheDir } = createBuilder();
    const context = tempDir({ ...FILES, big: Array.from({ length: 5000 }, (_, at) => `line ${at * 31}`).join('\n') });
    const arg = (at: number) => ({ N: String(at % 3) });
    const expected = await Promise.all(
      [0, 1, 2].map(async (at) => {
        const { image } = await createBuilder().build({ context, buildArgs: arg(at) });
        return image.descriptor.digest as string;
      }),
    );
    let running = true;
    const pruning = (async () => {
      while (running) {
        await pruneCache({ cacheDir, all: true });
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const lane = async (lane: number): Promise<string[]> => {
      const digests: string[] = [];
      for (let round = 0; round < 2; round++) {
        digests.push(await buildInProcess({ context, cacheDir, tags: [`app:${lane}`], buildArgs: arg(lane + round) }));
      }
      return digests;
    };
    const results = await Promise.all([0, 1].map(lane));
    running = false;
    await pruning;
    expect(results).toEqual([0, 1].map((lane) => [0, 1].map((round) => expected[(lane + round) % 3])));
    expect((await verifyCache({ cacheDir })).damage).toEqual([]);
  });
});

describe('a build with cacheMaxSize', () => {
  it('takes away what earlier builds left when that is too much, and nothing of its own image', async () => {
    const builder = createBuilder();
    const { cacheDir } = builder;
    const context = tempDir(FILES);
    await builder.build({ context, buildArgs: { N: '1' } });
    makeOld(cacheDir, 1);
    const named = await builder.build({ context, buildArgs: { N: '2' }, tags: ['app'], cacheMaxSize: 1000 });
    expect(eventsOf(named, 'done')).toHaveLength(1);
    expect((await listCache({ cacheDir })).map(({ reachedBy }) => reachedBy)).not.toContain('nothing');
    expect((await verifyCache({ cacheDir })).damage).toEqual([]);
    expect(await builder.build({ context, buildArgs: { N: '2' } })).toMatchObject({ executed: 0 });
    expect(await builder.build({ context, buildArgs: { N: '1' } })).toMatchObject({ executed: 2 });
  });
});
