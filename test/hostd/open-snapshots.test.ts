import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { LayerDirectories } from '../../src/hostd/layer-directories.ts';
import { OpenSnapshots } from '../../src/hostd/open-snapshots.ts';
import type { Snapshot, Snapshotter } from '../../src/hostd/snapshotter.ts';
import { tempDir } from '../support/temp-dir.ts';

const SIGNAL = new AbortController().signal;

describe('a snapshot that is opened before somebody asks', () => {
  let dir: string;
  let layers: LayerDirectories;
  let asked: string[];
  let closed: string[];
  let snapshots: OpenSnapshots;
  let refusals: number;

  beforeEach(async () => {
    dir = tempDir();
    layers = new LayerDirectories({
      ...{ stateDir: join(dir, 'state'), tempDir: dir, flavor: 'single-id', whiteouts: 'files', isLazy: false },
    });
    [asked, closed, refusals] = [[], [], 0];
    await adopt('below');
    snapshots = new OpenSnapshots({ layers, snapshotter: recorder() });
  });

  async function adopt(id: string): Promise<void> {
    const made = join(dir, 'made');
    mkdirSync(made);
    await layers.adopt(id, made);
  }

  /** Opens nothing but notes. */
  function recorder(opensAhead = true): Snapshotter {
    return {
      name: 'overlay',
      opensAhead,
      async open(layerIds) {
        asked.push(layerIds.join(' '));
        if (refusals-- > 0) throw new Error('refused');
        return { close: async () => void closed.push(layerIds.join(' ')) } as Snapshot;
      },
      view: () => Promise.reject(new Error('no views')),
      close: async () => {},
    };
  }

  async function openAhead(): Promise<void> {
    await snapshots.open(1, ['below'], SIGNAL);
    await adopt('top');
    snapshots.openAhead(1, 'top');
    await snapshots.close(1);
  }

  it('is given to the first that asks for its layers, and to nobody else', async () => {
    await openAhead();
    await snapshots.open(2, ['below', 'top'], SIGNAL);
    expect(asked).toEqual(['below', 'below top']);
    await snapshots.open(3, ['below', 'top'], SIGNAL);
    expect(await snapshots.get(3)).not.toBe(await snapshots.get(2));
    expect(asked).toEqual(['below', 'below top', 'below top']);
  });

  it('is closed with all others when nobody has asked', async () => {
    await openAhead();
    await snapshots.closeAll();
    expect(closed).toEqual(['below', 'below top']);
  });

  it('is given up when the directory below it is another by then', async () => {
    await openAhead();
    const [top = ''] = await layers.paths(['top'], SIGNAL);
    rmSync(top, { recursive: true });
    // The inode of a removed directory may be given to the next one.
    mkdirSync(join(dir, 'takes the inode'));
    await adopt('top');
    await snapshots.open(2, ['below', 'top'], SIGNAL);
    expect(asked).toEqual(['below', 'below top', 'below top']);
    expect(closed).toEqual(['below', 'below top']);
  });

  it('is tried again when it could not be opened, and then the reason is told', async () => {
    refusals = 0;
    await snapshots.open(1, ['below'], SIGNAL);
    refusals = 2;
    await adopt('top');
    snapshots.openAhead(1, 'top');
    await expect(snapshots.open(2, ['below', 'top'], SIGNAL)).rejects.toThrow('refused');
    await expect(snapshots.get(2)).rejects.toThrow('refused');
    await snapshots.open(3, ['below', 'top'], SIGNAL);
    await snapshots.closeAll();
    expect(closed).toEqual(['below', 'below top']);
  });

  it('may be asked for more before it is open', async () => {
    const opening = snapshots.open(1, ['below'], SIGNAL);
    const asking = snapshots.get(1);
    const closing = snapshots.close(1);
    await opening;
    expect(await asking).toHaveProperty('close');
    await closing;
    expect(closed).toEqual(['below']);
    await expect(snapshots.get(1)).rejects.toThrow('there is no snapshot 1');
  });

  it('is not opened where that would cost much', async () => {
    snapshots = new OpenSnapshots({ layers, snapshotter: recorder(false) });
    await openAhead();
    await snapshots.closeAll();
    expect(asked).toEqual(['below']);
  });
});
