import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLayerLibrary, type LayerLibrary } from '../../src/build/layer-library.ts';
import { createBlobIndex } from '../../src/cache/blob-index.ts';
import { createBlockLists } from '../../src/cache/block-lists.ts';
import type { IndexedLayer } from '../../src/core/image.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { packLayer } from '../../src/layers/pack.ts';
import { createTocStore } from '../../src/rootfs/toc-store.ts';
import { createBlobStore } from '../../src/store/blob-store.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Shelf {
  readonly dir: string;
  readonly library: LayerLibrary;
  pack(): Promise<IndexedLayer>;
}

function openShelf(): Shelf {
  const dir = tempDir();
  const store = createBlobStore(join(dir, 'store'));
  const library = createLayerLibrary({
    store,
    blobs: createBlobIndex(join(dir, 'index')),
    tocs: createTocStore(join(dir, 'tocs')),
    blocks: createBlockLists(join(dir, 'blocks')),
    compression: 'gzip',
    limits: DEFAULT_LIMITS,
  });
  const times = { kind: 'fixed', seconds: 0 } as const;
  return { dir, library, pack: () => packLayer([], store, { times, compression: 'gzip' }) };
}

/** Every file of a folder; a file that is written anew has another inode. */
function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map(({ parentPath, name }) => `${name} ${statSync(join(parentPath, name)).ino}`).sort();
}

describe('the library of layers', () => {
  it('writes a layer that many steps have made once', async () => {
    const { dir, library, pack } = openShelf();
    const layer = await pack();
    await library.add(layer);
    const before = ['index', 'tocs', 'blocks'].map((name) => filesOf(join(dir, name)));
    expect(before.flat()).toHaveLength(3);
    await library.add(await pack());
    expect(['index', 'tocs', 'blocks'].map((name) => filesOf(join(dir, name)))).toEqual(before);
    expect(await library.find(layer.diffId)).toEqual({ descriptor: layer.descriptor, diffId: layer.diffId });
  });

  it('has the layer that changes nothing made once, also when it is asked for twice at the same time', async () => {
    const { library, pack } = openShelf();
    let made = 0;
    const make = (): Promise<IndexedLayer> => {
      made++;
      return pack();
    };
    const [one, other] = await Promise.all([library.empty(make), library.empty(make)]);
    expect(one).toBe(other);
    expect(one.toc.entries).toEqual([]);
    expect(made).toBe(1);
  });
});
