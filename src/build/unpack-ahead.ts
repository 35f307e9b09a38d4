import type { Layer } from '../core/image.ts';
import { compressionOf } from '../core/media-types.ts';
import type { Toc } from '../core/toc.ts';
import { ArrivingBlob } from '../rootfs/arriving-blob.ts';
import type { BlobStore, UnfinishedBlob } from '../store/blob-store.ts';
import type { Session } from './session.ts';

/** A layer that is unpacked while it is fetched. */
export interface LayerAhead {
  /** The store that it is to be written to. */
  readonly store: BlobStore;
  /** It is whole and verified: whoever asks for its directory may have it, and its table of contents comes with it. */
  keep(): void;
  /** It could not be fetched, or is not what it should be: nothing of it stays. */
  drop(): void;
}

/**
 * Unpacks a layer on its way into `store`, so that its directory is there soon after its last byte. What goes wrong with
 * that is told by nobody: the layer is unpacked again when somebody needs it, and it is told then.
 */
export function unpackAhead(session: Session, layer: Layer, store: BlobStore): LayerAhead {
  const blob = new ArrivingBlob();
  const dropping = new AbortController();
  let toc: Promise<Toc | undefined> | undefined;
  const onGrowth = ({ path, size }: UnfinishedBlob): void => {
    blob.grow(size);
    toc ??= unpackFrom(path).catch(() => undefined);
  };

  async function unpackFrom(arrivingPath: string): Promise<Toc> {
    const { descriptor, diffId } = layer;
    const host = await session.sandboxHost();
    const request = {
      arrivingPath,
      blobPath: store.pathOf(descriptor.digest),
      compression: compressionOf(descriptor.mediaType) ?? 'none',
      digest: descriptor.digest,
      diffId,
      limits: session.settings.limits,
    };
    return await host.unpackAhead(request, blob, AbortSignal.any([session.signal, dropping.signal]));
  }

  return {
    store: { ...store, write: (bytes, expected) => store.write(bytes, expected, onGrowth) },
    keep() {
      blob.complete(layer.descriptor.size);
      if (toc !== undefined) session.library.expectToc(layer, toc);
    },
    drop: () => dropping.abort(),
  };
}
