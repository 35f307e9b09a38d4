import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BuildOptions, ociLayout, verifyCache } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { failureOf } from './failure-of.ts';
import { smallDisk } from './small-disk.ts';

const DOCKERFILE = 'FROM scratch\nCOPY . /one\nCOPY . /two\n';

const manyFiles = (): Record<string, string> =>
  Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`f${at}`, `${at}\n`.repeat(2000)]));

/** Nothing temporary is left of a build, nothing is damaged, and the next one gives what one without faults gives. */
async function checkNext(cacheDir: string, options: BuildOptions): Promise<void> {
  const temporary = join(cacheDir, 'tmp');
  expect(existsSync(temporary) ? readdirSync(temporary) : []).toEqual([]);
  const { outputs: _outputs, ...asked } = options;
  const { image } = await createBuilder(cacheDir).build(options);
  expect(image).toEqual((await createBuilder().build(asked)).image);
  expect((await verifyCache({ cacheDir })).damage).toEqual([]);
}

describe('a folder that cannot be used', () => {
  test('is the cache of an ordinary user who may not write it', async () => {
    const as = findOrdinaryUser();
    const cacheDir = tempDir();
    const context = tempDir({ Dockerfile: DOCKERFILE, f: 'x' });
    for (const path of [cacheDir, context]) chmodSync(path, 0o755);
    const words = ['build', '--quiet', '--cache-dir', cacheDir, context];
    const options = as === undefined ? {} : { as };
    const refused = await runCli(words, options);
    expect(refused).toMatchObject({ exitCode: 9, stderr: expect.stringContaining(cacheDir) });
    expect(readdirSync(cacheDir)).toEqual([]);
    chmodSync(cacheDir, 0o777);
    expect(await runCli(words, options)).toMatchObject({ exitCode: 0 });
  });

  test('is the cache on a read-only file system', async () => {
    const disk = await smallDisk('50m');
    await disk.remount('ro');
    const options = { context: tempDir({ f: 'x' }), dockerfileText: DOCKERFILE };
    const cacheDir = join(disk.path, 'cache');
    const error = await failureOf(createBuilder(cacheDir).build(options));
    expect(error).toMatchObject({ family: 'host', message: expect.stringContaining(disk.path) });
    await disk.remount('rw');
    await checkNext(cacheDir, options);
  });

  test('is an output on a disk that is full', async () => {
    const disk = await smallDisk('16k');
    const destination = join(disk.path, 'image');
    const options = {
      context: tempDir(manyFiles()),
      dockerfileText: DOCKERFILE,
      outputs: [ociLayout(destination)],
    };
    const { cacheDir, build } = createBuilder();
    expect(await failureOf(build(options))).toMatchObject({ code: 'HOST_DISK_FULL' });
    await disk.remount('size=50m');
    await checkNext(cacheDir, options);
  });

  test.each(['output', 'context'] as const)('is the %s that vanishes while it is used', async (which) => {
    const context = tempDir(manyFiles());
    const parent = tempDir({ keep: 'x' });
    const options = { context, dockerfileText: DOCKERFILE, outputs: [ociLayout(join(parent, 'image'))] };
    const { cacheDir, build } = createBuilder();
    const gone = which === 'output' ? parent : context;
    let isGone = false;
    const error = await failureOf(
      build({
        ...options,
        onEvent(event) {
          if (event.type !== 'step-started' || isGone) return;
          isGone = true;
          rmSync(gone, { recursive: true });
        },
      }),
    );
    expect(isGone).toBe(true);
    if (which === 'context') expect(error).toMatchObject({ family: 'context' });
    await checkNext(cacheDir, { ...options, context: tempDir(manyFiles()) });
  });
});
