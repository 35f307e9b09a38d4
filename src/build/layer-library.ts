import type { BlobIndex } from '../cache/blob-index.ts';
import type { DiffId } from '../core/digest.ts';
import { ContentError } from '../core/errors.ts';
import type { IndexedLayer, Layer } from '../core/image.ts';
import { compressionOf } from '../core/media-types.ts';
import type { Toc } from '../core/toc.ts';
import { decompress } from '../io/decompress.ts';
import { readToc } from '../layers/toc.ts';
import type { TocStore } from '../rootfs/toc-store.ts';
import type { BlobStore } from '../store/blob-store.ts';

/** Every layer that a build can use: its blob, its table of contents and its uncompressed bytes. */
export interface LayerLibrary {
  /** The layer as a blob of the wanted recipe, if it is in the store. */
  find(diffId: DiffId, recipe: string): Promise<Layer | undefined>;
  /** Remembers a layer that was just written. */
  add(layer: IndexedLayer, recipe: string): void;
  /** From the table of contents that is kept, else by one pass over the blob, which checks the diff ID. */
  toc(layer: Layer): Promise<Toc>;
  uncompressed(layer: Layer): AsyncIterable<Uint8Array>;
}

export interface LayerLibraryParts {
  readonly store: BlobStore;
  readonly blobs: BlobIndex;
  readonly tocs: TocStore;
}

export function createLayerLibrary({ store, blobs, tocs }: LayerLibraryParts): LayerLibrary {
  const reading = new Map<DiffId, Promise<Toc>>();
  const uncompressed = (layer: Layer): AsyncIterable<Uint8Array> =>
    decompress(store.read(layer.descriptor), { format: compressionOf(layer.descriptor.mediaType) ?? 'none' });

  async function index(layer: Layer): Promise<Toc> {
    const known = tocs.load(layer.diffId);
    if (known !== undefined) return known;
    const toc = await readToc(uncompressed(layer));
    if (toc.diffId !== layer.diffId) throw wrongDiffId(layer, toc.diffId);
    tocs.save(toc);
    return toc;
  }

  return {
    uncompressed,
    async find(diffId, recipe) {
      const descriptor = blobs.lookup(diffId, recipe);
      return descriptor !== undefined && (await store.has(descriptor)) ? { descriptor, diffId } : undefined;
    },
    add(layer, recipe) {
      tocs.save(layer.toc);
      blobs.record(layer.diffId, recipe, layer.descriptor);
      reading.set(layer.diffId, Promise.resolve(layer.toc));
    },
    toc(layer) {
      const pending = reading.get(layer.diffId) ?? index(layer);
      reading.set(layer.diffId, pending);
      pending.catch(() => reading.delete(layer.diffId));
      return pending;
    },
  };
}

function wrongDiffId(layer: Layer, found: DiffId): ContentError {
  return new ContentError('CONTENT_DIFF_ID_MISMATCH', `layer ${layer.descriptor.digest} is not what its image says`, {
    expected: layer.diffId,
    found,
    hint: 'the uncompressed layer has another digest than the image configuration lists: the image is damaged',
  });
}
