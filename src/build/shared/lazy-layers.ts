import type { DiffId, Digest } from '../../core/digest.ts';
import type { Layer } from '../../core/image.ts';
import type { Written } from '../../core/ports.ts';
import { allAtRest } from '../../io/at-rest.ts';
import type { BlobStore } from '../../store/blob-store.ts';

/** Layers that a shared cache has: they come into the store when somebody needs their bytes. */
export interface LazyLayers {
  /** The store, with what is in it already. */
  readonly store: BlobStore;
  /** False for a blob that was announced as another layer: one of the two is not true. */
  announce(layer: Layer, fetch: () => Promise<void>): boolean;
  /** Whether it was announced, and nobody has needed it yet. */
  isLater(blob: Written): boolean;
  /** Brings a blob that was announced into the store, once; every other one is there already. */
  ensure(blob: Written): Promise<void>;
  ensureAll(blobs: readonly Written[]): Promise<void>;
}

export function createLazyLayers(store: BlobStore): LazyLayers {
  const announced = new Map<Digest, () => Promise<void>>();
  const layers = new Map<Digest, DiffId>();
  const fetching = new Map<Digest, Promise<void>>();

  async function bring(blob: Written, fetch: () => Promise<void>): Promise<void> {
    // Also for one that is here by now: it is to be checked that it holds the layer.
    await fetch();
    announced.delete(blob.digest);
  }

  async function ensure(blob: Written): Promise<void> {
    const fetch = announced.get(blob.digest);
    if (fetch === undefined) return;
    const running = fetching.get(blob.digest) ?? bring(blob, fetch);
    fetching.set(blob.digest, running);
    await running.finally(() => fetching.delete(blob.digest));
  }

  return {
    store,
    announce({ diffId, descriptor: { digest } }, fetch) {
      if ((layers.get(digest) ?? diffId) !== diffId) return false;
      layers.set(digest, diffId);
      announced.set(digest, fetch);
      return true;
    },
    isLater: ({ digest }) => announced.has(digest),
    ensure,
    ensureAll: async (blobs) => void (await allAtRest(blobs.map(ensure))),
  };
}

/** The same store; what was announced is brought before it is read. */
export function lazyStore(store: BlobStore, layers: LazyLayers): BlobStore {
  return {
    ...store,
    read: (target) => ({
      async *[Symbol.asyncIterator]() {
        await layers.ensure(target);
        yield* store.read(target);
      },
    }),
  };
}
