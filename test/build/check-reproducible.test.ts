import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkReproducible } from '../../src/build/check-reproducible.ts';
import type { BuildOptions } from '../../src/build/options.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Writes a context and checks it; `afterFirst` happens between the two builds. */
async function check(
  files: Readonly<Record<string, string>>,
  options: BuildOptions = {},
  afterFirst: (context: string) => void = () => {},
): ReturnType<typeof checkReproducible> {
  const context = tempDir(files);
  let done = 0;
  return await checkReproducible({
    context,
    cacheDir: tempDir(),
    ...options,
    onEvent: ({ type }) => {
      if (type === 'done' && ++done === 1) afterFirst(context);
    },
  });
}

const FILES = { Dockerfile: 'FROM scratch\nCOPY a b /app/\nLABEL x=1\n', a: 'one', b: 'two' };

describe('checkReproducible', () => {
  it('finds no difference between builds of the same, and carries out every step of the second', async () => {
    const { first, second, difference } = await check(FILES, { tags: ['app'] });
    expect(difference).toBeUndefined();
    expect(second.image).toEqual(first.image);
    expect(first.names).toHaveLength(1);
    expect(second).toMatchObject({ names: [], outputs: [], cached: 0, executed: 1 });
  });

  it('names the layer, its instruction, the first path and all that is different there', async () => {
    const { difference } = await check(FILES, {}, (context) => writeFileSync(join(context, 'b'), 'three'));
    expect(difference).toEqual({
      kind: 'layer',
      layer: 1,
      createdBy: 'COPY a b /app/ # buildkit',
      path: 'app/b',
      changes: [
        { what: 'size', first: '3', second: '5' },
        { what: 'content', first: expect.stringMatching(/^sha256:/), second: expect.stringMatching(/^sha256:/) },
      ],
    });
  });

  it('names a path that only one build has', async () => {
    const files = { ...FILES, Dockerfile: 'FROM scratch\nCOPY . /\n' };
    const { difference } = await check(files, {}, (context) => writeFileSync(join(context, 'A'), ''));
    expect(difference).toMatchObject({ path: 'A', changes: [{ what: 'type', first: undefined, second: 'file' }] });
  });

  it('names what differs in the configuration when the layers are the same', async () => {
    const files = { ...FILES, Dockerfile: 'FROM scratch\nCOPY a /\n' };
    const times = [1, 2].map((seconds) => new Date(seconds * 1000));
    let builds = 0;
    const now = (): Date => times[builds] ?? new Date(0);
    const { difference } = await check(files, { timestamps: 'preserve', now }, () => builds++);
    expect(difference).toMatchObject({
      kind: 'configuration',
      changes: expect.arrayContaining([
        { what: 'created', first: '"1970-01-01T00:00:01.000Z"', second: '"1970-01-01T00:00:02.000Z"' },
      ]),
    });
  });

  it('compares the image of every platform', async () => {
    const Dockerfile = 'FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /\n';
    const files = { Dockerfile, amd64: 'a', arm64: 'b' };
    const platforms = ['linux/amd64', 'linux/arm64'];
    const same = await check(files, { platforms });
    expect(same.difference).toBeUndefined();
    const { difference } = await check(files, { platforms }, (context) => writeFileSync(join(context, 'arm64'), 'c'));
    expect(difference).toMatchObject({ kind: 'layer', path: 'arm64', changes: [{ what: 'content' }] });
  });
});
