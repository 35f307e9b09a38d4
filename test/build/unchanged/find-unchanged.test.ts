import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BuildEvent } from '../../../src/build/events.ts';
import { findUnchanged } from '../../../src/build/unchanged/find-unchanged.ts';
import { type BuildOptions, type BuildResult, build, ociArchive, ociLayout } from '../../../src/index.ts';
import { startFileServer } from '../../support/file-server.ts';
import { projectTexts } from '../../support/npm-packages.ts';
import { publishImage } from '../../support/publish-image.ts';
import { startRegistry } from '../../support/registry/server.ts';
import { REPOSITORY } from '../../support/repository-files.ts';
import { tempDir } from '../../support/temp-dir.ts';

const DOCKERFILE = 'FROM scratch\nARG A=1\nCOPY src /app\nCOPY --from=extra . /extra/\nWORKDIR /app\n';

interface Site {
  readonly context: string;
  readonly extra: string;
  readonly out: string;
  readonly options: BuildOptions;
}

function createSite(dockerfile = DOCKERFILE): Site {
  const context = tempDir({ 'src/a': 'one', 'src/b/c': 'two', ignored: 'x', Dockerfile: dockerfile });
  const extra = tempDir({ e: 'three' });
  const out = tempDir();
  const outputs = [ociLayout(join(out, 'layout')), ociArchive(join(out, 'image.tar'))];
  const options = { context, cacheDir: join(out, 'cache'), tags: ['app'], buildContexts: { extra }, outputs };
  return { context, extra, out, options };
}

async function buildAndFind(site: Site): Promise<{ built: BuildResult; found: BuildResult | undefined }> {
  const built = await build(site.options);
  return { built, found: await findUnchanged(site.options) };
}

/** In a process of its own: what it found, and the modules that it loaded. */
async function findInProcess(options: BuildOptions): Promise<{ digest?: string; loaded: string[] }> {
  const main = join(REPOSITORY, 'test/support/find-unchanged-main.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [main, JSON.stringify(options)]);
  return JSON.parse(stdout);
}

/** Changes the site, or gives other options. */
type Change = (site: Site) => unknown;

const CHANGES: Readonly<Record<string, Change>> = {
  'another content': ({ context }) => writeFileSync(join(context, 'src/a'), 'ONE'),
  'another file of the same size': ({ context }) => {
    writeFileSync(join(context, 'other'), 'ONE');
    renameSync(join(context, 'other'), join(context, 'src/a'));
  },
  'another content of equal size and time': ({ context }) => {
    const file = join(context, 'src/a');
    const { atime, mtime } = statSync(file);
    writeFileSync(file, 'ONE');
    utimesSync(file, atime, mtime);
  },
  'another content by another name of the file': ({ context, out }) => {
    linkSync(join(context, 'src/a'), join(out, 'hard'));
    writeFileSync(join(out, 'hard'), 'ONE');
  },
  'another mode': ({ context }) => chmodSync(join(context, 'src/b/c'), 0o755),
  'a new file': ({ context }) => writeFileSync(join(context, 'src/b/d'), ''),
  'a file gone': ({ context }) => rmSync(join(context, 'src/a')),
  'a new name': ({ context }) => renameSync(join(context, 'src/a'), join(context, 'src/A')),
  'a hard link': ({ context }) => linkSync(join(context, 'src/a'), join(context, 'src/hard')),
  'a link in place of a file': ({ context }) => {
    rmSync(join(context, 'src/a'));
    symlinkSync('b/c', join(context, 'src/a'));
  },
  'a change in another context': ({ extra }) => appendFileSync(join(extra, 'e'), '!'),
  'an ignore file': ({ context }) => writeFileSync(join(context, '.dockerignore'), 'ignored'),
  'an ignore file of the Dockerfile': ({ context }) => writeFileSync(join(context, 'Dockerfile.dockerignore'), 'x'),
  'an ignore file of another context': ({ extra }) => writeFileSync(join(extra, '.dockerignore'), 'x'),
  'another Dockerfile': ({ context }) => appendFileSync(join(context, 'Dockerfile'), 'USER 1\n'),
  'a build argument': () => ({ buildArgs: { A: '2' } }),
  'a label': () => ({ labels: { a: 'b' } }),
  'another compression': () => ({ compression: 'zstd' }),
  'another platform': () => ({ platform: 'linux/s390x' }),
  'another tag': () => ({ tags: ['app:2'] }),
  'no cache': () => ({ noCache: true }),
  'times that are kept': () => ({ timestamps: 'preserve' }),
  'a tag that names another image': ({ options }) => build({ ...options, outputs: [], labels: { other: 'image' } }),
  'a missing output': ({ out }) => rmSync(join(out, 'image.tar')),
  'an altered output': ({ out }) => appendFileSync(join(out, 'image.tar'), '!'),
  'an altered index of a layout': ({ out }) => writeFileSync(join(out, 'layout/index.json'), '{}'),
  'a missing blob of a layout': ({ out }) => rmSync(join(out, 'layout/blobs'), { recursive: true }),
  'a missing store': ({ out }) => rmSync(join(out, 'cache/store/blobs'), { recursive: true }),
};

function isOptions(value: unknown): value is Partial<BuildOptions> {
  return typeof value === 'object' && value !== null && !('image' in value);
}

describe('a build in which nothing changed', () => {
  // A file counts only when its last change was some time before the build.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    vi.stubEnv('SOURCE_DATE_EPOCH', undefined);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  it('is found, with the same result and the events of one whose steps are all in the cache', async () => {
    const site = createSite();
    await build(site.options);
    const cached: BuildEvent[] = [];
    const again = await build({ ...site.options, onEvent: (event) => cached.push(event) });
    const events: BuildEvent[] = [];
    expect(await findUnchanged({ ...site.options, onEvent: (event) => events.push(event) })).toEqual(again);
    const told = (list: readonly BuildEvent[]) =>
      list.flatMap((event) =>
        event.type === 'output-written' ? [] : [`${event.type} ${'step' in event ? event.step.id : ''}`],
      );
    expect(told(events)).toEqual(told(cached));
  });

  it.each(Object.entries(CHANGES))('is not found after %s', async (_name, change) => {
    const site = createSite();
    const { built, found } = await buildAndFind(site);
    expect(found?.image.descriptor).toEqual(built.image.descriptor);
    const more = await change(site);
    const options = isOptions(more) ? { ...site.options, ...more } : site.options;
    expect(await findUnchanged(options)).toBeUndefined();
    await expect(build(options)).resolves.toBeDefined();
  });

  it('is not found after another SOURCE_DATE_EPOCH', async () => {
    const site = createSite();
    expect((await buildAndFind(site)).found).toBeDefined();
    vi.stubEnv('SOURCE_DATE_EPOCH', '1');
    expect(await findUnchanged(site.options)).toBeUndefined();
  });

  it('is not remembered when a file was changed just before it', async () => {
    const site = createSite();
    const { ctimeMs } = statSync(join(site.context, 'src/b/c'));
    vi.setSystemTime(ctimeMs + 10);
    expect((await buildAndFind(site)).found).toBeUndefined();
    vi.setSystemTime(ctimeMs + 1000);
    expect((await buildAndFind(site)).found).toBeDefined();
  });

  it('is not remembered when the clock was put back', async () => {
    const site = createSite();
    vi.setSystemTime(Date.now() - 3_600_000);
    expect((await buildAndFind(site)).found).toBeUndefined();
  });

  it('does not see what is ignored or was never asked for', async () => {
    const site = createSite();
    await build(site.options);
    appendFileSync(join(site.context, 'ignored'), 'more');
    mkdirSync(join(site.context, 'unrelated'));
    // The folder that holds it is not part of what is copied.
    expect(await findUnchanged(site.options)).toBeDefined();
  });

  it('is found with built-in modules alone, and few of our own', async () => {
    const site = createSite();
    const { image } = await build(site.options);
    const { digest, loaded } = await findInProcess(site.options);
    expect(digest).toBe(image.descriptor.digest);
    expect(loaded.filter((url) => url.includes('node_modules'))).toEqual([]);
    expect(loaded.filter((url) => url.startsWith('file:')).length).toBeLessThan(35);
  });

  describe('of a project without a Dockerfile', () => {
    function createProject(): Pick<Site, 'context' | 'options'> {
      const texts = projectTexts({ lamella: { base: 'scratch' } }, {});
      const context = tempDir({ ...texts, 'index.js': '1', '.git/HEAD': 'ref: refs/heads/main' });
      return { context, options: { context, cacheDir: join(tempDir(), 'cache'), tags: ['project'] } };
    }

    it('is found without reading any of it', async () => {
      const { options } = createProject();
      const { image } = await build(options);
      expect((await findUnchanged(options))?.image.descriptor).toEqual(image.descriptor);
    });

    it.each(['Dockerfile', 'package.json', 'lamella.lock', '.nvmrc', '.git/refs/heads/main', 'index.js'])(
      'is not found after another %s',
      async (name) => {
        const { context, options } = createProject();
        await build(options);
        mkdirSync(join(context, dirname(name)), { recursive: true });
        appendFileSync(join(context, name), ' ');
        expect(await findUnchanged(options)).toBeUndefined();
      },
    );

    it('is not found for another workspace', async () => {
      const { options } = createProject();
      await build(options);
      expect(await findUnchanged({ ...options, workspace: 'api' })).toBeUndefined();
    });
  });

  it('asks a registry once, by Node alone, while nothing else is loaded', async () => {
    const registry = await startRegistry();
    await publishImage(registry, 'first');
    const site = createSite(`FROM ${registry.host}/base:1\nCOPY src /app\n`);
    const { image } = await build(site.options);
    const before = registry.requests.length;
    const { digest, loaded } = await findInProcess(site.options);
    expect(digest).toBe(image.descriptor.digest);
    expect(registry.requests.slice(before).map(({ line }) => line)).toEqual(['HEAD /v2/base/manifests/1']);
    expect(loaded.filter((url) => url.includes('node_modules'))).toEqual([]);
    await publishImage(registry, 'second');
    expect((await findInProcess(site.options)).digest).toBeUndefined();
  });

  it('tells how long a registry took to answer, and does not ask when a file has changed', async () => {
    const registry = await startRegistry();
    await publishImage(registry, 'first');
    const site = createSite(`FROM ${registry.host}/base:1\nCOPY src /app\n`);
    await build(site.options);
    const events: BuildEvent[] = [];
    await findUnchanged({ ...site.options, onEvent: (event) => events.push(event) });
    const told = { type: 'tag-asked', reference: `${registry.host}/base:1`, durationMs: expect.any(Number) };
    expect(events.filter(({ type }) => type === 'tag-asked')).toEqual([told]);
    const before = registry.requests.length;
    writeFileSync(join(site.context, 'src/a'), 'ONE');
    expect(await findUnchanged(site.options)).toBeUndefined();
    expect(registry.requests.length).toBe(before);
  });

  it('is not found when another build pulled its base anew, although nobody is asked', async () => {
    const registry = await startRegistry();
    await publishImage(registry, 'first');
    const site = createSite(`FROM ${registry.host}/base:1\nCOPY src /app\n`);
    const options: BuildOptions = { ...site.options, pull: 'missing' };
    await build(options);
    expect(await findUnchanged(options)).toBeDefined();
    await publishImage(registry, 'second');
    await build({ ...options, pull: 'always', tags: [], outputs: [] });
    expect(await findUnchanged(options)).toBeUndefined();
  });

  it('is not remembered when its time was fetched', async () => {
    const { url } = await startFileServer(() => ({
      body: 'x',
      headers: { 'last-modified': 'Tue, 14 Nov 2023 22:13:20 GMT' },
    }));
    const site = createSite(`FROM scratch AS time\nADD ${url}/f /\nFROM scratch\nCOPY src /app\n`);
    const options = { ...site.options, buildArgs: { SOURCE_DATE_EPOCH: 'time' } };
    const { image } = await build(options);
    expect(image.config.created).toMatch(/^2023-11-14T22:13:20/);
    expect(await findUnchanged(options)).toBeUndefined();
  });

  it('leaves to the build what cannot be looked at', async () => {
    const site = createSite();
    expect((await buildAndFind(site)).found).toBeDefined();
    writeFileSync(join(site.out, 'cache/store/index.json'), '{');
    expect(await findUnchanged(site.options)).toBeUndefined();
  });
});
