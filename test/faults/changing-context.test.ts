import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BuildOptions, type BuildResult, isBuilderError, ociLayout, verifyCache } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { readImageTree } from '../support/image-tree.ts';
import { tempDir } from '../support/temp-dir.ts';
import { CHANGES, type Change, createPlace, isOneState, OUTSIDE, type Place } from './changing-files.ts';
import { atDiskCall } from './disk-calls.ts';
import { randomNumbers, SEED } from './seed.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';

interface Reading {
  readonly by: string;
  /** The changes that it may meet. */
  readonly meets: RegExp;
  /** How many moments of it are tried for each change. */
  readonly moments: number;
  readonly options: (at: Place) => BuildOptions;
}

const OF_FILES = /^(?!an archive)/;

/** The ways in which files of a context get into an image. */
const READINGS: readonly Reading[] = [
  {
    by: 'COPY, twice',
    meets: OF_FILES,
    moments: 2,
    options: ({ context }) => ({ context, dockerfileText: 'FROM scratch\nCOPY src /one\nCOPY src /two\n' }),
  },
  {
    by: 'ADD',
    meets: /^an archive/,
    moments: 6,
    options: ({ context }) => ({ context, dockerfileText: 'FROM scratch\nADD app.tar src/d/b /one/\n' }),
  },
  {
    by: 'COPY from a named context',
    meets: OF_FILES,
    moments: 1,
    options: ({ context }) => ({
      context: tempDir(),
      buildContexts: { other: context },
      dockerfileText: 'FROM scratch\nCOPY --from=other src /one\n',
    }),
  },
  {
    by: 'a named context as base',
    meets: OF_FILES,
    moments: 1,
    options: ({ context }) => ({
      context: tempDir(),
      buildContexts: { other: context },
      dockerfileText: 'FROM other\n',
    }),
  },
  {
    by: 'a bind mount of RUN',
    meets: /same size|exchanged/,
    moments: 2,
    options: ({ context }) => ({
      context,
      dockerfileText: `FROM ${registry}/busybox\nRUN --mount=type=bind,source=src,target=/mnt cp -R /mnt /one\n`,
    }),
  },
];

describe('a context that changes while a build reads it', () => {
  const known = new Map<Reading, Promise<Undisturbed>>();

  test.each(
    READINGS.flatMap((reading) =>
      CHANGES.filter(({ what }) => reading.meets.test(what)).map((change) => ({ change, reading, seed: SEED })),
    ),
  )('$change.what ($reading.by, seed $seed)', async ({ change, reading }) => {
    const undisturbed = known.get(reading) ?? buildUndisturbed(reading);
    known.set(reading, undisturbed);
    const { calls, image } = await undisturbed;
    const name = `${change.what} ${reading.by}`;
    for (const call of randomNumbers(name, reading.moments, [0, calls])) {
      await hurtAt(call, { name, change, reading, image });
    }
  });
});

/** A build that nobody hurts. */
interface Undisturbed {
  /** How often it asks the disk for something of the context. */
  readonly calls: number;
  readonly image: BuildResult['image'];
}

async function buildUndisturbed({ options }: Reading): Promise<Undisturbed> {
  const at = createPlace();
  const never = { folder: at.context, call: -1, fault: () => {} };
  const { result, calls } = await atDiskCall(never, () => createBuilder().build(options(at)));
  if (result.status === 'rejected') throw result.reason;
  return { calls, image: result.value.image };
}

interface Case {
  readonly image: BuildResult['image'];
  readonly name: string;
  readonly change: Change;
  readonly reading: Reading;
}

async function hurtAt(call: number, { name, change, reading, image }: Case): Promise<void> {
  const at = createPlace();
  const { cacheDir, build } = createBuilder();
  const layout = join(tempDir(), 'image');
  let hurt = '';
  let pick = 0;
  const [choice = 0] = randomNumbers(`${name} ${call}`, 1, [0, 1000]);
  const fault = (): void => {
    hurt = change.make(at, (from) => from[(choice + pick++) % from.length] as (typeof from)[number]);
  };
  const options = reading.options(at);
  const { result } = await atDiskCall({ folder: at.context, call, fault }, () =>
    build({ ...options, outputs: [ociLayout(layout)] }),
  );
  if (result.status === 'fulfilled') await checkImage(layout);
  else checkError(result.reason, `${change.what} (${hurt}) before call ${call}`);
  await checkNext({ cacheDir, options });
  // A record of what was there before must not hold what was there after.
  expect((await build(reading.options(createPlace()))).image).toEqual(image);
}

/** Every file is in one of its states, and the same wherever it was copied to. */
async function checkImage(layout: string): Promise<void> {
  const { paths } = await readImageTree(layout);
  for (const [path, { text, sha256 }] of paths) {
    if (text !== undefined && !path.startsWith('/etc/') && /^\/(?:one|two|src)\//.test(path)) {
      expect(text).not.toContain(OUTSIDE);
      expect(isOneState(text), path).toBe(true);
    }
    const twin = path.startsWith('/one/') ? paths.get(path.replace('/one/', '/two/')) : undefined;
    if (twin !== undefined) expect(twin.sha256, path).toBe(sha256);
  }
}

function checkError(error: unknown, when: string): void {
  if (!isBuilderError(error)) throw new Error(`${when}: no error of ours`, { cause: error });
  expect(error.code, `${when}: ${error.message}`).toMatch(
    /^(CONTEXT_FILE_CHANGED|STEP_COPY_SOURCE_NOT_FOUND|STEP_MOUNT_SOURCE_NOT_FOUND)$/,
  );
  expect(error.message, when).toMatch(/src|app\.tar|in-archive/);
  expect(error.hint, when).toMatch(/./);
}

/** The cache gives the image that a build with an empty one gives, and holds no damage. */
async function checkNext({ cacheDir, options }: { cacheDir: string; options: BuildOptions }): Promise<void> {
  const [next, anew] = [createBuilder(cacheDir), createBuilder()];
  const built = await Promise.allSettled([next.build(options), anew.build(options)]);
  const [warm, cold] = built.map((each) => (each.status === 'fulfilled' ? each.value.image : each.reason.code));
  expect(warm).toEqual(cold);
  expect((await verifyCache({ cacheDir })).damage).toEqual([]);
}
