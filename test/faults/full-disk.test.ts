import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isBuilderError } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { requireTool, run } from '../support/host.ts';
import { tempDir } from '../support/temp-dir.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
const isRoot = process.getuid?.() === 0 && requireTool('mount');

interface SmallDisk {
  readonly path: string;
  grow(size: string): Promise<string>;
}

async function smallDisk(size: string): Promise<SmallDisk> {
  const path = join(tempDir(), 'disk');
  mkdirSync(path);
  await run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'lamella-test', path);
  onTestFinished(async () => void (await run('umount', '--lazy', path)));
  return { path, grow: (more) => run('mount', '-o', `remount,size=${more}`, path) };
}

function files(): Record<string, string> {
  const noise = Array.from({ length: 20 }, (_, at) => [`f${at}`, randomBytes(150_000).toString('latin1')]);
  return Object.fromEntries(noise);
}

function leftovers(cacheDir: string): string[] {
  const temporary = join(cacheDir, 'tmp');
  return existsSync(temporary) ? readdirSync(temporary) : [];
}

/** What a build without limits gives, and what one gives whose disk was full once. */
async function compare(dockerfileText: string, size: string) {
  const context = tempDir(files());
  const disk = await smallDisk(size);
  const builder = createBuilder(join(disk.path, 'cache'));
  const error: unknown = await builder
    .build({ context, dockerfileText, tags: ['app'] })
    .catch((reason: unknown) => reason);
  const left = leftovers(builder.cacheDir);
  await disk.grow('200m');
  const after = await builder.build({ context, dockerfileText });
  const expected = await createBuilder().build({ context, dockerfileText });
  return { error, left, after, expected };
}

describe.skipIf(!isRoot)('a disk that is full', () => {
  test.each(['4k', '12k', '300k', '2m', '4500k'])(
    'at %s is named, nothing half written is used, and the next build works',
    async (size) => {
      const { error, left, after, expected } = await compare('FROM scratch\nCOPY . /one\nCOPY . /two\n', size);
      if (!isBuilderError(error)) throw error;
      expect(error).toMatchObject({ code: 'HOST_DISK_FULL', hint: expect.stringContaining('--cache-dir') });
      expect(left).toEqual([]);
      expect(after.image).toEqual(expected.image);
    },
  );

  test.each(['3m', '8m', '16m'])('at %s while a command runs ends the build, and the next one works', async (size) => {
    const dockerfileText = `FROM ${registry}/busybox:latest\nCOPY f1 /f1\nRUN for i in $(seq 40); do cat /f1 /f1 > /g$i || exit; done\n`;
    const { error, left, after, expected } = await compare(dockerfileText, size);
    if (!isBuilderError(error)) throw error;
    expect(['HOST_DISK_FULL', 'STEP_EXIT_CODE']).toContain(error.code);
    expect(left).toEqual([]);
    expect(after.image).toEqual(expected.image);
  });
});
