import type { DiffId } from '../core/digest.ts';
import type { Layer } from '../core/image.ts';
import type { LayerLimits } from '../core/limits.ts';
import type { Toc } from '../core/toc.ts';
import { readToc } from '../layers/toc.ts';
import { compactToc } from '../layers/toc-codec.ts';
import type { TocStore } from '../rootfs/toc-store.ts';
import { wrongDiffId } from './compress-layer.ts';

/** Tables of contents of layers, each read or made once in a build. */
export interface LayerTocs {
  /** The one that is kept, else by one pass over the layer, which checks the diff ID. */
  of(layer: Layer): Promise<Toc>;
  /** Whoever asks for that of a layer waits for one that is being made; it may not come of it. */
  expect(layer: Layer, coming: Promise<Toc | undefined>): void;
  /** Keeps that of a layer that was made here. */
  keep(toc: Toc): void;
}

export interface LayerTocsParts {
  readonly tocs: TocStore;
  readonly limits: LayerLimits;
  readonly uncompressed: (layer: Layer) => AsyncIterable<Uint8Array>;
}

export function createLayerTocs({ tocs, limits, uncompressed }: LayerTocsParts): LayerTocs {
  const reading = new Map<DiffId, Promise<Toc>>();

  function saved(toc: Toc): Toc {
    tocs.save(toc);
    return toc;
  }

  async function index(layer: Layer): Promise<Toc> {
    const known = tocs.load(layer.diffId);
    if (known !== undefined) return known;
    const toc = compactToc(await readToc(uncompressed(layer), { limits }));
    if (toc.diffId !== layer.diffId) throw wrongDiffId(layer.diffId, toc.diffId);
    return saved(toc);
  }

  async function arriving(layer: Layer, coming: Promise<Toc | undefined>): Promise<Toc> {
    const toc = tocs.load(layer.diffId) === undefined ? await coming : undefined;
    return toc?.diffId === layer.diffId ? saved(toc) : await index(layer);
  }

  function read(diffId: DiffId, toc: Promise<Toc>): Promise<Toc> {
    reading.set(diffId, toc);
    toc.catch(() => reading.delete(diffId));
    return toc;
  }

  return {
    of: (layer) => reading.get(layer.diffId) ?? read(layer.diffId, index(layer)),
    expect(layer, coming) {
      if (!reading.has(layer.diffId)) read(layer.diffId, arriving(layer, coming));
    },
    keep: (toc) => void reading.set(toc.diffId, Promise.resolve(saved(compactToc(toc)))),
  };
}
