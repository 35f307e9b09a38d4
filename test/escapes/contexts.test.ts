import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { contentDigest } from '../../src/build/tree-digest.ts';
import { treeEntry } from '../../src/build/tree-entries.ts';
import { openDirectoryContext } from '../../src/context/directory-context.ts';
import { hashFiles } from '../../src/context/hash-files.ts';
import { digestOf } from '../../src/io/hash.ts';
import { packLayer } from '../../src/layers/pack.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { tarOf } from '../support/tar-of.ts';
import { tempDir } from '../support/temp-dir.ts';
import { expected, outcomeOf, SECRET } from './hostile-build.ts';
import { HOSTILE_ARCHIVES, HOSTILE_DIRECTORIES, type Place } from './hostile-contexts.ts';

function place(): Place {
  const root = tempDir({ 'context/': '', 'outside/secret': SECRET, 'outside/archive.tar': SECRET });
  return { context: join(root, 'context'), outside: join(root, 'outside') };
}

describe('a hostile build context', () => {
  test.each(HOSTILE_DIRECTORIES)('that is a directory with $title', async ({ dockerfile, make, options, outcome }) => {
    const at = place();
    if (dockerfile) writeFileSync(join(at.context, 'Dockerfile'), dockerfile);
    await make(at);
    expect(await outcomeOf({ context: at.context, ...options?.(at) }, outcome)).toEqual(expected(outcome));
  });

  test.each(HOSTILE_ARCHIVES)('that is an archive with $title', async ({ members, options, outcome }) => {
    const bytes = gzipSync(await tarOf(members(place())));
    expect(await outcomeOf({ context: piece(bytes), ...options }, outcome)).toEqual(expected(outcome));
  });
});

async function* piece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('what takes the place of a file between finding and reading it', () => {
  const changes: readonly (readonly [what: string, change: (at: Place) => void])[] = [
    ['a link to a file outside', (at) => replace(at, 'd/f', (path) => symlinkSync(join(at.outside, 'f'), path))],
    ['a link in the place of its directory', (at) => replace(at, 'd', (path) => symlinkSync(at.outside, path))],
    ['a pipe', (at) => replace(at, 'd/f', (path) => void execFileSync('mkfifo', [path]))],
    ['a directory', (at) => replace(at, 'd/f', (path) => mkdirSync(path))],
    ['nothing', (at) => replace(at, 'd', () => {})],
  ];

  test.each(changes)('is neither hashed nor packed: %s', async (_, change) => {
    const at = place();
    mkdirSync(join(at.context, 'd'));
    for (const path of [join(at.context, 'd/f'), join(at.outside, 'f')]) writeFileSync(path, SECRET);
    const link = join(at.context, '../link');
    symlinkSync(at.context, link);
    for (const root of [at.context, link]) {
      const node = openDirectoryContext(root).lookup('d/f');
      expect(node && contentDigest(node, await hashFiles([node]))).toBe(digestOf(Buffer.from(SECRET)));
    }
    const node = openDirectoryContext(link).lookup('d/f');
    if (node === undefined) throw new Error('the file was not found');
    change(at);
    await expect(hashFiles([node])).rejects.toMatchObject({
      code: expect.stringMatching(/^CONTEXT_(FILE_CHANGED|UNREADABLE)$/),
    });
    const packing = packLayer([treeEntry('f', node)], createMemoryStore(), {
      times: { kind: 'preserve' },
      compression: 'none',
    });
    await expect(packing).rejects.toMatchObject({ code: 'LAYER_FILE_CHANGED' });
  });
});

function replace({ context }: Place, name: string, make: (path: string) => void): void {
  renameSync(join(context, name), join(context, '..', 'old'));
  make(join(context, name));
}
