import type { Descriptor, Image } from '../core/image.ts';
import type { ContentReader } from '../core/ports.ts';
import type { Reference } from '../core/reference.ts';
import { createLimit } from '../io/limit.ts';
import { readAll } from '../store/read.ts';
import { readManifest } from './image/read-image.ts';
import type { RegistryWriter } from './registry/client.ts';
import { type OnTransfer, observeTransfer } from './transfer.ts';

/** Design, section 9: four to eight at a time is best. */
const DEFAULT_CONCURRENCY = 4;

export interface PushOptions {
  readonly image: Pick<Image, 'descriptor'>;
  readonly reader: ContentReader;
  /** Repository of the same registry that may hold layers already, such as the base's. */
  readonly mountFrom?: string | undefined;
  /** Blobs that move at a time. Default 4. */
  readonly concurrency?: number | undefined;
  readonly onTransfer?: OnTransfer | undefined;
}

/** Pushes an image: the layers that are missing, then the configuration, then the manifest under the tag. */
export async function pushImage(
  client: RegistryWriter,
  reference: Reference,
  options: PushOptions,
): Promise<Descriptor> {
  const { image, reader, mountFrom, concurrency = DEFAULT_CONCURRENCY, onTransfer } = options;
  const manifest = await readManifest(reader, image.descriptor);
  const push = async (descriptor: Descriptor): Promise<void> => {
    const bytes = observeTransfer(reader.read(descriptor), descriptor, onTransfer);
    const outcome = await client.pushBlob(reference, { descriptor, bytes, mountFrom });
    if (outcome !== 'uploaded') onTransfer?.({ descriptor, current: descriptor.size, total: descriptor.size });
  };
  const limit = createLimit(concurrency);
  await Promise.all(distinct(manifest.layers).map((layer) => limit.run(() => push(layer))));
  await push(manifest.config);
  const bytes = await readAll(reader, image.descriptor);
  return client.pushManifest(reference, { bytes, mediaType: image.descriptor.mediaType });
}

/** Two layers may be the same blob. */
function distinct(layers: readonly Descriptor[]): Descriptor[] {
  return [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
}
