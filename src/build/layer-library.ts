import type { BlobIndex } from '../cache/blob-index.ts';
import type { BlockLists } from '../cache/block-lists.ts';
import type { DiffId, Digest } from '../core/digest.ts';
import { isBuilderError } from '../core/errors.ts';
import type { Descriptor, IndexedLayer, Layer } from '../core/image.ts';
import type { LayerLimits } from '../core/limits.ts';
import { type Compression, compressionOf } from '../core/media-types.ts';
import type { Toc } from '../core/toc.ts';
import { decompress } from '../io/decompress.ts';
import { type EarlierBlocks, openEarlierBlocks } from '../layers/earlier-blocks.ts';
import type { TocStore } from '../rootfs/toc-store.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { compressLayer } from './compress-layer.ts';
import { createLayerTocs } from './layer-tocs.ts';
import { compressionRecipe, FOREIGN_RECIPE } from './recipe.ts';

/** Every layer that a build can use: its blob, its table of contents and its uncompressed bytes. */
export interface LayerLibrary {
  /**
   * A layer of ours, compressed as this build wants it. Where the store has it compressed otherwise, it is compressed
   * anew. `undefined` when the store does not have it at all.
   */
  find(diffId: DiffId): Promise<Layer | undefined>;
  /** Remembers a layer that this build has written; many steps may have made the same one. */
  add(layer: IndexedLayer): Promise<void>;
  /** The layer that changes nothing, made when it is asked for first. */
  empty(make: () => Promise<IndexedLayer>): Promise<IndexedLayer>;
  /** Remembers a layer of an image, compressed by somebody else. */
  addForeign(layer: Layer): void;
  /** Whether a layer came with an image, and not from a build. */
  isForeign(layer: Layer): boolean;
  /** The same layer, compressed as this build wants it, at a level of its own where one is given; kept for the next time. */
  recompress(layer: Layer, level: number | undefined): Promise<Layer>;
  /** From the table of contents that is kept, else by one pass over the blob, which checks the diff ID. */
  toc(layer: Layer): Promise<Toc>;
  /** Whoever asks for the table of contents of a layer waits for one that is being made; it may not come of it. */
  expectToc(layer: Layer, coming: Promise<Toc | undefined>): void;
  uncompressed(layer: Layer): AsyncIterable<Uint8Array>;
  /** Blocks of a layer that this build could have compressed; to be closed. */
  earlierBlocks(diffId: DiffId): Promise<EarlierBlocks | undefined>;
}

export interface LayerLibraryParts {
  readonly store: BlobStore;
  readonly blobs: BlobIndex;
  readonly tocs: TocStore;
  readonly blocks: BlockLists;
  readonly compression: Compression;
  readonly limits: LayerLimits;
}

export function createLayerLibrary(parts: LayerLibraryParts): LayerLibrary {
  const { store, blobs, blocks, compression } = parts;
  const tocs = createLayerTocs({ ...parts, uncompressed: ({ descriptor }) => uncompressed(descriptor) });
  const added = new Map<DiffId, Digest>();
  let empty: Promise<IndexedLayer> | undefined;

  async function compressAnew(diffId: DiffId): Promise<Layer | undefined> {
    for (const blob of blobs.list(diffId)) {
      if (!(await store.has(blob))) continue;
      try {
        const toc = await tocs.of({ diffId, descriptor: blob });
        return await compressLayer({ diffId, uncompressed: uncompressed(blob), compression, store, toc });
      } catch (error) {
        if (!isDamage(error)) throw error;
      }
    }
    return undefined;
  }

  function uncompressed(blob: Descriptor): AsyncIterable<Uint8Array> {
    return decompress(store.read(blob), { format: compressionOf(blob.mediaType) ?? 'none' });
  }

  return {
    uncompressed: ({ descriptor }) => uncompressed(descriptor),
    async find(diffId) {
      const recipe = await compressionRecipe(compression);
      const descriptor = blobs.lookup(diffId, recipe);
      if (descriptor !== undefined && (await store.has(descriptor))) return { descriptor, diffId };
      const layer = await compressAnew(diffId);
      if (layer !== undefined) blobs.record(diffId, recipe, layer.descriptor);
      return layer;
    },
    isForeign: ({ diffId, descriptor }) => blobs.lookup(diffId, FOREIGN_RECIPE)?.digest === descriptor.digest,
    async recompress({ diffId, descriptor }, level) {
      const recipe = await compressionRecipe(compression);
      const name = level === undefined ? recipe : `${recipe} level ${level}`;
      const known = blobs.lookup(diffId, name);
      if (known !== undefined && (await store.has(known))) return { descriptor: known, diffId };
      const toc = await tocs.of({ diffId, descriptor });
      const bytes = uncompressed(descriptor);
      const layer = await compressLayer({ diffId, uncompressed: bytes, compression, level, store, toc });
      blobs.record(diffId, name, layer.descriptor);
      return layer;
    },
    async add({ diffId, descriptor, toc, blocks: list }) {
      if (added.get(diffId) === descriptor.digest) return;
      tocs.keep(toc);
      blobs.record(diffId, await compressionRecipe(compression), descriptor);
      if (list !== undefined) blocks.save(descriptor.digest, list);
      added.set(diffId, descriptor.digest);
    },
    empty(make) {
      empty ??= make();
      return empty;
    },
    async earlierBlocks(diffId) {
      const blob = blobs.lookup(diffId, await compressionRecipe(compression))?.digest;
      const list = blob && blocks.load(blob);
      return list && openEarlierBlocks(store.pathOf(blob), list, compression);
    },
    addForeign({ diffId, descriptor }) {
      if (blobs.lookup(diffId, FOREIGN_RECIPE)?.digest === descriptor.digest) return;
      blobs.record(diffId, FOREIGN_RECIPE, descriptor);
    },
    expectToc: tocs.expect,
    toc: tocs.of,
  };
}

/** A blob that cannot be used: then the layer is made again, as if it were not there. */
function isDamage(error: unknown): boolean {
  return isBuilderError(error) && (error.family === 'content' || error.family === 'layer');
}
