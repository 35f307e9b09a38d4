import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type BuildOptions, isBuilderError, ociLayout, verifyCache } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { requireTool } from '../support/host.ts';
import { useNpmCache } from '../support/npm-machine.ts';
import { lockEntry, makeTarball, projectTexts } from '../support/npm-packages.ts';
import { startTarballServer } from '../support/tarball-server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { smallDisk } from './small-disk.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
const isRoot = process.getuid?.() === 0 && requireTool('mount');

function files(): Record<string, string> {
  const noise = Array.from({ length: 20 }, (_, at) => [`f${at}`, randomBytes(150_000).toString('latin1')]);
  return Object.fromEntries(noise);
}

function leftovers(cacheDir: string): string[] {
  const temporary = join(cacheDir, 'tmp');
  return existsSync(temporary) ? readdirSync(temporary) : [];
}

/** What a build without limits gives, and what one gives whose disk was full once. */
async function compare(options: BuildOptions, size: string) {
  const disk = await smallDisk(size);
  const builder = createBuilder(join(disk.path, 'cache'));
  const error: unknown = await builder.build({ ...options, tags: ['app'] }).catch((reason: unknown) => reason);
  const left = leftovers(builder.cacheDir);
  await disk.remount('size=200m');
  const after = await builder.build(options);
  const expected = await createBuilder().build(options);
  expect((await verifyCache({ cacheDir: builder.cacheDir })).damage).toEqual([]);
  return { error, left, after, expected };
}

/** A project of twenty packages that a registry has, and npm's cache has not. */
async function fetchedProject() {
  const tarballs = await Promise.all(
    Object.entries(files()).map(([name, noise]) =>
      makeTarball({ name, version: '1.0.0', files: { noise: noise.slice(0, 20_000) } }),
    ),
  );
  const server = await startTarballServer(tarballs);
  useNpmCache([]);
  vi.stubEnv('npm_config_registry', server.url);
  const lock = tarballs.map((one) => [`node_modules/${one.name}`, lockEntry(one, { resolved: undefined })] as const);
  const dependencies = Object.fromEntries(tarballs.map(({ name }) => [name, '1']));
  const manifest = { dependencies, lamella: { base: 'scratch' } };
  const context = tempDir(projectTexts(manifest, Object.fromEntries(lock)));
  return { context, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe.skipIf(!isRoot)('a disk that is full', () => {
  test.each(['4k', '24k', '500k', '2900k'])(
    'at %s below the folder of a new layout leaves no folder, and below an old one leaves that as it was',
    async (size) => {
      const builder = createBuilder();
      const [context, old] = [tempDir(files()), tempDir({ f: 'x' })];
      const build = (from: string, to: string) =>
        builder.build({ context: from, dockerfileText: 'FROM scratch\nCOPY . /\n', outputs: [ociLayout(to)] });
      const disk = await smallDisk('200m');
      await build(old, join(disk.path, 'old'));
      const listed = () => readdirSync(disk.path, { recursive: true }).sort();
      const before = listed();
      const used = before.length * 4;
      await disk.remount(`size=${used + Number.parseInt(size, 10)}k`);
      for (const to of ['old', 'new/folder/layout']) {
        await expect(build(context, join(disk.path, to))).rejects.toMatchObject({ code: 'HOST_DISK_FULL' });
        expect(listed()).toEqual(before);
      }
      await disk.remount('size=200m');
      await build(context, join(disk.path, 'new/folder/layout'));
    },
  );

  test.each(['4k', '12k', '300k', '2m', '4500k'])(
    'at %s is named, nothing half written is used, and the next build works',
    async (size) => {
      const { error, left, after, expected } = await compare(
        { context: tempDir(files()), dockerfileText: 'FROM scratch\nCOPY . /one\nCOPY . /two\n' },
        size,
      );
      if (!isBuilderError(error)) throw error;
      expect(error).toMatchObject({ code: 'HOST_DISK_FULL', hint: expect.stringContaining('--cache-dir') });
      expect(left).toEqual([]);
      expect(after.image).toEqual(expected.image);
    },
  );

  test.each(['3m', '8m', '16m'])('at %s while a command runs ends the build, and the next one works', async (size) => {
    const dockerfileText = `FROM ${registry}/busybox:latest\nCOPY f1 /f1\nRUN for i in $(seq 40); do cat /f1 /f1 > /g$i || exit; done\n`;
    const { error, left, after, expected } = await compare({ context: tempDir(files()), dockerfileText }, size);
    if (!isBuilderError(error)) throw error;
    expect(['HOST_DISK_FULL', 'STEP_EXIT_CODE']).toContain(error.code);
    expect(left).toEqual([]);
    expect(after.image).toEqual(expected.image);
  });

  test.each(['80k', '300k', '600k'])(
    'at %s while packages are fetched and packed is named, and the next build works',
    async (size) => {
      await using project = await fetchedProject();
      const { error, left, after, expected } = await compare({ context: project.context }, size);
      if (!isBuilderError(error)) throw error;
      expect(error).toMatchObject({ code: 'HOST_DISK_FULL', hint: expect.stringContaining('--cache-dir') });
      expect(left).toEqual([]);
      expect(after.image).toEqual(expected.image);
    },
  );
});
