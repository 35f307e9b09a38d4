import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../../src/index.ts';
import { type Builder, createBuilder, eventsOf } from '../../support/build.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** How many lists of files are unpacked while something runs. */
async function countedLists(run: () => Promise<unknown>): Promise<number> {
  const original = zlib.zstdDecompressSync;
  let count = 0;
  zlib.zstdDecompressSync = (...args) => {
    count++;
    return original(...args);
  };
  syncBuiltinESMExports();
  try {
    await run();
  } finally {
    zlib.zstdDecompressSync = original;
    syncBuiltinESMExports();
  }
  return count;
}

/** Every step that is carried out, with the reason. */
async function missesOf(builder: Builder, options: BuildOptions): Promise<string[]> {
  const built = await builder.build(options);
  return eventsOf(built, 'cache-miss').map(({ step, text }) => `${step.text}: ${text}`);
}

const FILES = { 'src/a': 'a', 'src/b': 'b', 'lib/c': 'c' };

describe('a build says why a step is not taken from the cache', () => {
  it('names the files that changed, and the first build, and nothing of what was cached', async () => {
    const builder = createBuilder();
    const context = tempDir({ ...FILES, Dockerfile: 'FROM scratch\nCOPY src ./src\nCOPY lib /\n' });
    const first = 'first build, nothing to compare with';
    expect(await missesOf(builder, { context })).toEqual([`COPY src ./src: ${first}`, `COPY lib /: ${first}`]);
    expect(await missesOf(builder, { context })).toEqual([]);
    writeFileSync(join(context, 'src/a'), 'another');
    chmodSync(join(context, 'src/b'), 0o755);
    expect(await missesOf(builder, { context })).toEqual([
      'COPY src ./src: 2 files changed: a (content), b (mode 0644→0755)',
    ]);
    renameSync(join(context, 'src/b'), join(context, 'src/z'));
    expect(await missesOf(builder, { context })).toEqual(['COPY src ./src: 1 file changed: b→z (renamed)']);
  });

  it('compares with the same instruction when others were inserted, removed, moved or edited', async () => {
    const builder = createBuilder();
    const context = tempDir({ ...FILES, Dockerfile: 'FROM scratch\nCOPY src ./src\nCOPY lib /\n' });
    const misses = async (dockerfile: string): Promise<string[]> => {
      writeFileSync(join(context, 'Dockerfile'), dockerfile);
      return await missesOf(builder, { context });
    };
    await misses('FROM scratch\nCOPY src ./src\nCOPY lib /\n');
    expect(await misses('FROM scratch\nWORKDIR /x\nCOPY src /src\nCOPY --chmod=600 lib /\n')).toEqual([
      'WORKDIR /x: a new step',
      'COPY --chmod=600 lib /: --chmod ""→600',
    ]);
    writeFileSync(join(context, 'src/a'), 'another');
    expect(await misses('FROM scratch\nCOPY --chmod=600 lib /\nCOPY src /src\n')).toEqual([
      'COPY src /src: 1 file changed: a (content)',
    ]);
  });

  it('knows a stage again by its name, and one without a name by its steps', async () => {
    const builder = createBuilder();
    const context = tempDir(FILES);
    const files = 'COPY src /src\n';
    const misses = (dockerfileText: string): Promise<string[]> => missesOf(builder, { context, dockerfileText });
    await misses(`FROM scratch\n${files}FROM scratch\nCOPY --from=0 / /\n`);
    writeFileSync(join(context, 'src/a'), 'another');
    expect(
      await misses(
        `FROM scratch AS new\nCOPY lib /lib\nFROM scratch\n${files}FROM scratch\nCOPY --from=1 / /\nCOPY --from=new / /\n`,
      ),
    ).toEqual(expect.arrayContaining(['COPY lib /lib: a new step', 'COPY src /src: 1 file changed: a (content)']));
  });

  it('compares with the earlier build of a target or platform that was left out meanwhile', async () => {
    const builder = createBuilder();
    const context = tempDir({ ...FILES, Dockerfile: 'FROM scratch AS a\nCOPY src /\nFROM scratch AS b\nCOPY lib /\n' });
    await builder.build({ context, target: 'a' });
    await builder.build({ context, target: 'b' });
    writeFileSync(join(context, 'src/a'), 'another');
    expect(await missesOf(builder, { context, target: 'a' })).toEqual(['COPY src /: 1 file changed: a (content)']);
  });

  it('names the files of a folder that stands for a base image, whatever else the stage does', async () => {
    const builder = createBuilder();
    const folder = tempDir({ a: 'a', b: 'b' });
    const context = tempDir({ ...FILES, Dockerfile: 'FROM base AS app\nCOPY src /src\n' });
    const options = { context, buildContexts: { base: folder } };
    const first = 'first build, nothing to compare with';
    expect(await missesOf(builder, options)).toEqual([`FROM base AS app: ${first}`, `COPY src /src: ${first}`]);
    writeFileSync(join(folder, 'a'), 'another');
    expect(await missesOf(builder, options)).toEqual(['FROM base AS app: 1 file changed: a (content)']);
    writeFileSync(join(context, 'src/a'), 'another');
    expect(await missesOf(builder, options)).toEqual(['COPY src /src: 1 file changed: a (content)']);
  });

  it('says that the cache was not wanted, or has lost what it had', async () => {
    const builder = createBuilder();
    const context = tempDir({ ...FILES, Dockerfile: 'FROM scratch AS one\nCOPY src /\n' });
    await builder.build({ context });
    expect(await missesOf(builder, { context, noCache: true })).toEqual(['COPY src /: --no-cache']);
    expect(await missesOf(builder, { context, noCacheFilter: ['one'] })).toEqual(['COPY src /: --no-cache-filter=one']);
    rmSync(join(builder.cacheDir, 'store/blobs'), { recursive: true });
    expect(await missesOf(builder, { context })).toEqual([
      'COPY src /: nothing changed, but the earlier layer is no longer in the cache',
    ]);
    rmSync(join(builder.cacheDir, 'records'), { recursive: true });
    expect(await missesOf(builder, { context })).toEqual([
      'COPY src /: nothing changed, but the earlier result is no longer in the cache',
    ]);
    rmSync(join(builder.cacheDir, 'records'), { recursive: true });
    writeFileSync(join(context, 'src/a'), 'another');
    expect(await missesOf(builder, { context })).toEqual([
      'COPY src /: what the earlier build recorded is no longer in the cache, nothing to compare with',
    ]);
  });

  it('names few of thousands of files, and the rest by their number', async () => {
    const builder = createBuilder();
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`src/${at}`, `${at}`]));
    const context = tempDir({ ...many, Dockerfile: 'FROM scratch\nCOPY src /\n' });
    await builder.build({ context });
    writeFileSync(join(context, 'src/234'), 'another');
    expect(await missesOf(builder, { context })).toEqual(['COPY src /: 1 file changed: 234 (content)']);
    for (let at = 0; at < 100; at++) writeFileSync(join(context, `src/${at}`), 'another');
    expect(await missesOf(builder, { context })).toEqual([
      expect.stringMatching(/^COPY src \/: 100 files changed: 0 \(content\), .*, 95 more$/),
    ]);
  });

  it('compares another checkout of a project with the first, and no other project', async () => {
    const builder = createBuilder();
    const files = { 'app/Dockerfile': 'FROM scratch\nCOPY a /\n', 'app/a': '1' };
    await builder.build({ context: join(tempDir(files), 'app') });
    const checkout = join(tempDir({ ...files, 'app/a': '2' }), 'app');
    expect(await missesOf(builder, { context: checkout })).toEqual(['COPY a /: 1 file changed: a (content)']);
    const other = tempDir({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: '3' });
    expect(await missesOf(builder, { context: other })).toEqual(['COPY a /: first build, nothing to compare with']);
  });

  it('reads lists of files only to explain a miss, once for each', async () => {
    const builder = createBuilder();
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`src/${'name'.repeat(5)}${at}`, `${at}`]));
    const context = tempDir({ ...many, Dockerfile: 'FROM scratch\nCOPY src /\nCOPY src /again\n' });
    expect(await countedLists(() => builder.build({ context }))).toBe(0);
    expect(await countedLists(() => builder.build({ context }))).toBe(0);
    writeFileSync(join(context, `src/${'name'.repeat(5)}7`), 'another');
    expect(await countedLists(() => builder.build({ context }))).toBe(2);
    expect(await countedLists(() => builder.build({ context }))).toBe(0);
  });

  it('goes on without what is damaged', async () => {
    const builder = createBuilder();
    const context = tempDir({ ...FILES, Dockerfile: 'FROM scratch\nCOPY src /\n' });
    await builder.build({ context });
    rmSync(join(builder.cacheDir, 'traces'), { recursive: true });
    writeFileSync(join(builder.cacheDir, 'traces'), 'no folder');
    writeFileSync(join(context, 'src/a'), 'another');
    expect(await missesOf(builder, { context })).toEqual(['COPY src /: first build, nothing to compare with']);
  });
});
