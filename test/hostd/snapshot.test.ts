import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/toc.ts';
import { BlockPool } from '../../src/io/blocks.ts';
import { TarWriter } from '../../src/io/tar-writer.ts';
import type { ActiveSnapshot } from '../../src/rootfs/sandbox-host.ts';
import { createBlobStore } from '../../src/store/blob-store.ts';
import { type Box, directory, file, hasStaticBusybox, openBox, runIn, symlink } from '../support/sandbox-box.ts';
import { snapshotterCases } from '../support/snapshotters.ts';

const FIXED = { kind: 'fixed', seconds: 318_211_200 } as const;

describe.skipIf(!hasStaticBusybox()).each(snapshotterCases())('snapshots by $name of $user.title', ({ name, user }) => {
  let box: Box;
  beforeAll(async () => {
    box = await openBox(user, 'unshare', name);
  });
  afterAll(() => box[Symbol.asyncDispose]());

  async function inSnapshot<T>(layers: readonly string[], use: (snapshot: ActiveSnapshot) => Promise<T>): Promise<T> {
    const snapshot = await box.open(...layers);
    try {
      return await use(snapshot);
    } finally {
      await snapshot[Symbol.asyncDispose]();
    }
  }
  const read = async (layers: readonly string[], script: string): Promise<string> =>
    await inSnapshot(layers, async (snapshot) => (await runIn(snapshot, script)).stdout.trimEnd());

  it('stack layers with their owners, modes, times, links, whiteouts and opaque directories', async () => {
    const lower = await box.layer([
      directory('d'),
      file('d/gone', '1'),
      file('d/kept', '2', { uid: 5, gid: 6, mode: 0o640 }),
      directory('o'),
      directory('o/deep'),
      file('o/deep/hidden', '3'),
    ]);
    const upper = await box.layer([
      directory('d', { mode: 0o700, mtime: 77 }),
      { path: 'd/gone', type: 'whiteout' },
      symlink('d/link', 'kept'),
      directory('o'),
      { path: 'o', type: 'opaque' },
      directory('o/deep'),
      file('o/deep/shown', '4'),
    ]);
    const script = 'cd /; ls d; stat -c "%a %Y" d; stat -c "%u %g %a %Y" d/kept; cat d/link; find o | sort';
    expect((await read([lower, upper], script)).split('\n')).toEqual([
      'kept',
      'link',
      '700 77',
      '5 6 640 1000000000',
      '2o',
      'o/deep',
      'o/deep/shown',
    ]);
  });

  it('put entries where a symbolic link of a lower layer leads', async () => {
    const lower = await box.layer([symlink('lib', 'usr/lib'), directory('usr'), directory('usr/lib')]);
    const upper = await box.tarLayer(tarOf({ 'lib/x': 'found' }), { rename: { 'lib/x': 'usr/lib/x' } });
    expect(await read([lower, upper], 'cat /usr/lib/x; readlink /lib')).toBe('foundusr/lib');
  });

  it('stack more layers than a page has room for by their full names', async () => {
    const layers: string[] = [];
    for (let i = 0; i < 150; i++) layers.push(await box.layer([file(`f${i}`, String(i))]));
    expect(await read(layers, 'ls /f* | wc -l; cat /f0 /f149')).toBe('150\n0149');
  });

  it('unpack a layer once when it is asked for several times at once', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => box.layer([file('same', 'same')])));
    expect(new Set(ids).size).toBe(1);
    expect(await box.host.hasLayer(ids[0] ?? '')).toBe(true);
  });

  it('are never made of a layer that is not what its image says', async () => {
    const wrong = { id: 'wrong', diffId: `sha256:${'0'.repeat(64)}` as never };
    // Some unpack a layer only when a snapshot needs it.
    const opened = box.layer([file('x', 'x')], wrong).then((id) => box.open(id));
    await expect(opened).rejects.toMatchObject({ code: 'CONTENT_DIFF_ID_MISMATCH' });
    await expect(box.layer([file('x', 'x')], { id: '../x' })).rejects.toMatchObject({ code: 'OPTION_BAD_LAYER_ID' });
  });

  it('pack entries into the blob store of the build', async () => {
    const layer = await inSnapshot([], async (snapshot) => {
      await runIn(snapshot, 'mkdir /d; printf hello >/d/f; chown 7:8 /d/f; ln -s f /d/l');
      const changes = new Map((await snapshot.changes()).map((change) => [change.path, change]));
      const entries = ['d', 'd/f', 'd/l'].map((path) => changes.get(path) as unknown as Entry);
      return await snapshot.pack([...entries, { path: 'gone', type: 'whiteout' }], packOptions(box));
    });
    expect(layer.toc.entries).toMatchObject([
      { path: 'd', type: 'directory', mode: 0o755, mtime: FIXED.seconds },
      { path: 'd/f', type: 'file', size: 5, uid: 7, gid: 8, mtime: FIXED.seconds },
      { path: 'd/l', type: 'symlink', link: 'f' },
      { path: 'gone', type: 'whiteout' },
    ]);
    // The same for every user and on every machine.
    expect(layer.diffId).toBe('sha256:fad919ec236231d705294fe08f4221b77a7d14d2775f779deaea518ea1987d91');
    expect(await createBlobStore(join(box.dir, 'blobs')).has(layer.descriptor)).toBe(true);
  });

  it('become a layer for others, with the times that the packed layer has', async () => {
    const lower = await box.layer([directory('etc', { mtime: 4 }), file('etc/a', 'a', { mtime: 5 })]);
    await inSnapshot([lower], async (snapshot) => {
      // /etc and /etc/a are copied up; nothing of them changes but the time of the directory, which does not count.
      await runIn(snapshot, 'touch /etc/x; rm /etc/x; : >>/etc/a; mkdir /new; echo y >/new/f');
      const changes = new Map((await snapshot.changes()).map((change) => [change.path, change]));
      const told = [...changes.values()].filter(({ type, path }) => type !== 'whiteout' && path !== 'etc/a');
      expect(told.map(({ path }) => path).toSorted()).toEqual(['', 'etc', 'new', 'new/f']);
      const entries = ['new', 'new/f'].map((path) => changes.get(path) as unknown as Entry);
      await snapshot.pack(entries, packOptions(box));
      await snapshot.commit('committed', { times: FIXED });
    });
    const script = 'stat -c "%n %Y" /etc /etc/a /new /new/f; ls /etc; cat /new/f';
    expect((await read([lower, 'committed'], script)).split('\n')).toEqual([
      '/etc 4',
      '/etc/a 5',
      `/new ${FIXED.seconds}`,
      `/new/f ${FIXED.seconds}`,
      'a',
      'hosts',
      'resolv.conf',
      'y',
    ]);
  });

  it('leave nothing in the folder of the build when they are disposed', async () => {
    const before = foldersOf(box);
    await inSnapshot([], async (snapshot) => {
      await runIn(snapshot, 'mkdir -m 0 /closed; echo x >/y');
    });
    expect(foldersOf(box)).toEqual(before);
  });

  it('that a killed build left are reclaimed by another', async () => {
    const left = await openBox(user, 'unshare', name);
    await runIn(await left.open(), 'mkdir -m 0 /closed; touch /x; chown 7 /x');
    const folder = join(left.dir, 'tmp');
    expect(foldersOf(left)).toHaveLength(1);
    await box.host.reclaim([folder]);
    expect(existsSync(folder)).toBe(false);
    await left[Symbol.asyncDispose]();
  });
});

/** What snapshots have in the folder of a build, also in the one that its host keeps to itself. */
function foldersOf({ dir }: Box): string[] {
  const below = globSync(['*', 'host-*/snapshot-*'], { cwd: join(dir, 'tmp') });
  return below.filter((name) => name !== 'ingest' && !/^host-[^/]*$/.test(name)).sort();
}

/** A tar as other programs write it: without entries for the parents. */
function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const pool = new BlockPool();
  const writer = new TarWriter(pool);
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    writer.header({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: bytes.length });
    writer.space().set(bytes);
    writer.advance(bytes.length);
    writer.pad();
  }
  writer.end();
  return Buffer.concat([...writer.takeFull()].map((block) => Buffer.from(block)));
}

function packOptions(box: Box) {
  const folder = { blobDir: join(box.dir, 'blobs'), tempDir: join(box.dir, 'tmp', 'ingest') };
  return { ...folder, times: FIXED, compression: 'gzip' } as const;
}
