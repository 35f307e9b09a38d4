import { appendFileSync, globSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toDiffId } from '../../src/core/digest.ts';
import type { Toc } from '../../src/core/toc.ts';
import { digestOf } from '../../src/io/hash.ts';
import { readToc } from '../../src/layers/toc.ts';
import { encodeToc } from '../../src/layers/toc-codec.ts';
import { ArrivingBlob } from '../../src/rootfs/arriving-blob.ts';
import type { LayerToUnpack } from '../../src/rootfs/host-messages.ts';
import { bytesOf } from '../../src/store/read.ts';
import { type Box, directory, hasStaticBusybox, openBox, runIn, symlink } from '../support/sandbox-box.ts';
import { snapshotterCases } from '../support/snapshotters.ts';
import { type TarMember, tarOf } from '../support/tar-of.ts';

/** A layer on its way, of which the first half is there. */
interface Delivery {
  readonly layer: LayerToUnpack;
  readonly toc: Toc;
  readonly unpacked: Promise<Toc>;
  /** The other half, and its name. */
  arrive(): void;
  /** Nothing more comes. */
  drop(): void;
}

describe.skipIf(!hasStaticBusybox()).each(snapshotterCases())('by $name of $user.title', ({ name, user }) => {
  let box: Box;
  beforeAll(async () => {
    box = await openBox(user, 'unshare', name);
  });
  afterAll(() => box[Symbol.asyncDispose]());

  /** Of a layer compressed by gzip. */
  async function deliver(
    members: Readonly<Record<string, TarMember>>,
    more: Partial<LayerToUnpack> = {},
  ): Promise<Delivery> {
    const tar = await tarOf(members);
    const bytes = gzipSync(tar);
    const diffId = toDiffId(digestOf(tar));
    const arrivingPath = join(box.dir, `${diffId}.part`);
    const blobPath = join(box.dir, `${diffId}.gz`);
    const half = bytes.length >> 1;
    writeFileSync(arrivingPath, bytes.subarray(0, half));
    const layer = { id: diffId, blobPath, compression: 'gzip', digest: digestOf(bytes), diffId, ...more } as const;
    const arriving = new ArrivingBlob();
    arriving.grow(half);
    const dropping = new AbortController();
    const unpacked = box.host.unpackAhead({ ...layer, arrivingPath }, arriving, dropping.signal);
    // Whoever is interested in its failure asks for it.
    unpacked.catch(() => {});
    return {
      layer,
      toc: await readToc(bytesOf(tar)),
      unpacked,
      arrive() {
        appendFileSync(arrivingPath, bytes.subarray(half));
        renameSync(arrivingPath, blobPath);
        arriving.complete(bytes.length);
      },
      drop: () => dropping.abort(),
    };
  }

  const foldersOfBuild = (): string[] => globSync('tmp/unpacking-*', { cwd: box.dir });

  async function read(layerIds: readonly string[], script: string): Promise<string> {
    const snapshot = await box.open(...layerIds);
    try {
      return (await runIn(snapshot, script)).stdout.trimEnd();
    } finally {
      await snapshot[Symbol.asyncDispose]();
    }
  }

  it('a layer is unpacked while it arrives, and nobody sees it before it is verified and asked for', async () => {
    const text = 'x'.repeat(100_000);
    const delivery = await deliver({
      'd/': { header: { type: 'directory', mtime: new Date(7000) } },
      'd/f': { header: { uid: 5 }, text },
    });
    expect(await box.host.hasLayer(delivery.layer.id)).toBe(false);
    delivery.arrive();
    expect(Buffer.from(encodeToc(await delivery.unpacked)).equals(encodeToc(delivery.toc))).toBe(true);
    expect(await box.host.hasLayer(delivery.layer.id)).toBe(false);
    expect(foldersOfBuild()).toHaveLength(1);
    await box.host.unpackLayer(delivery.layer);
    expect(await read([delivery.layer.id], 'stat -c "%a %Y" /d; stat -c "%u %s" /d/f')).toBe('755 7\n5 100000');
    expect(foldersOfBuild()).toEqual([]);
  });

  it('whoever asks for a layer that is still arriving waits for it', async () => {
    const delivery = await deliver({ slow: 'slow' });
    const shown = box.host.unpackLayer(delivery.layer).then(() => read([delivery.layer.id], 'cat /slow'));
    delivery.arrive();
    expect(await shown).toBe('slow');
  });

  it('directories that no entry describes are as they are below', async () => {
    const implied = { a: { mode: 0o750, uid: 3, gid: 4, mtime: 9 }, 'a/b': { mode: 0o700, uid: 0, gid: 0, mtime: 8 } };
    const delivery = await deliver({ 'a/b/f': 'deep' }, { implied });
    delivery.arrive();
    await delivery.unpacked;
    await box.host.unpackLayer(delivery.layer);
    const script = 'stat -c "%a %u %g %Y" /a /a/b; cat /a/b/f';
    expect(await read([delivery.layer.id], script)).toBe('750 3 4 9\n700 0 0 8\ndeep');
  });

  it('entries that belong where a link of a lower layer leads are unpacked again', async () => {
    const lower = await box.layer([symlink('lib', 'usr/lib'), directory('usr'), directory('usr/lib')]);
    const delivery = await deliver({ 'lib/y': 'found' }, { rename: { 'lib/y': 'usr/lib/y' } });
    delivery.arrive();
    await delivery.unpacked;
    await box.host.unpackLayer(delivery.layer);
    expect(await read([lower, delivery.layer.id], 'cat /usr/lib/y; readlink /lib')).toBe('foundusr/lib');
    expect(foldersOfBuild()).toEqual([]);
  });

  it.each<[string, string, Readonly<Record<string, TarMember>>, Partial<LayerToUnpack>]>([
    [
      'is not what its image says',
      'CONTENT_DIFF_ID_MISMATCH',
      { wrong: 'x' },
      { diffId: toDiffId(digestOf(Buffer.from('?'))) },
    ],
    ['has too many entries', 'LAYER_TOO_LARGE', { a: '', b: '' }, { limits: { entries: 1, bytes: 10_000 } }],
    ['is a bomb', 'LAYER_TOO_LARGE', { zeros: '\0'.repeat(10_000_000) }, { limits: { entries: 9, bytes: 1_000_000 } }],
    [
      'writes through a link',
      'LAYER_PATH_ESCAPE',
      { out: { header: { type: 'symlink', linkname: '/' } }, 'out/x': 'x' },
      {},
    ],
  ])('of a layer that %s nothing stays, and whoever asks for it is told: %s', async (_, code, members, more) => {
    const delivery = await deliver(members, more);
    delivery.arrive();
    await expect(delivery.unpacked).rejects.toMatchObject({ code });
    expect(foldersOfBuild()).toEqual([]);
    // Some unpack a layer only when a snapshot needs it.
    const opened = box.host.unpackLayer(delivery.layer).then(() => box.open(delivery.layer.id));
    await expect(opened).rejects.toMatchObject({ code });
  });

  it('of a layer that does not arrive nothing stays, and it may come again', async () => {
    const delivery = await deliver({ lost: 'lost' });
    delivery.drop();
    await expect(delivery.unpacked).rejects.toMatchObject({ code: 'STEP_ABORTED' });
    expect(foldersOfBuild()).toEqual([]);
    delivery.arrive();
    await box.host.unpackLayer(delivery.layer);
    expect(await read([delivery.layer.id], 'cat /lost')).toBe('lost');
  });

  it('what nobody has asked for goes with the host', async () => {
    const delivery = await deliver({ 'closed/': { header: { type: 'directory', mode: 0, uid: 9 } } });
    delivery.arrive();
    await delivery.unpacked;
    expect(foldersOfBuild()).toHaveLength(1);
    await box.host[Symbol.asyncDispose]();
    expect(globSync('tmp/*', { cwd: box.dir })).toEqual([]);
  });
});
