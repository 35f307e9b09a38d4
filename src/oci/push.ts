import type { Descriptor, Image } from '../core/image.ts';
import type { Reference } from '../core/reference.ts';
import { allAtRest } from '../io/at-rest.ts';
import { createLimit } from '../io/limit.ts';
import { contentGraph, type DescriptorReader, isDocumentType, readDocument } from './graph.ts';
import type { RegistryWriter } from './registry/client.ts';
import { type OnTransfer, observeTransfer } from './transfer.ts';

/** Design, section 9: four to eight at a time is best. */
const DEFAULT_CONCURRENCY = 6;

export interface PushOptions {
  /** An image, or an index of several. */
  readonly image: Pick<Image, 'descriptor'>;
  readonly reader: DescriptorReader;
  /** Repository of the same registry that may hold layers already, such as the base's. */
  readonly mountFrom?: string | undefined;
  /** Blobs that move at a time. Default 6. */
  readonly concurrency?: number | undefined;
  readonly onTransfer?: OnTransfer | undefined;
}

/**
 * Pushes all that a manifest or an index names: the blobs that are missing, then each manifest under its digest, at last
 * the root under the tag of `reference`, else under its digest.
 */
export async function pushImage(
  client: RegistryWriter,
  reference: Reference,
  options: PushOptions,
): Promise<Descriptor> {
  const { image, reader, concurrency = DEFAULT_CONCURRENCY } = options;
  const graph = await contentGraph(reader, image.descriptor);
  const limit = createLimit(concurrency);
  const blobs = graph.filter(({ mediaType }) => !isDocumentType(mediaType));
  await allAtRest(blobs.map((blob) => limit.run(() => pushBlob(client, { reference, blob, ...options }))));
  const { tag: _, digest: __, ...repository } = reference;
  for (const manifest of graph.filter(({ mediaType }) => isDocumentType(mediaType))) {
    const { bytes } = await readDocument(reader, manifest);
    const under = manifest.digest === image.descriptor.digest ? reference : repository;
    await client.pushManifest(under, { bytes, mediaType: manifest.mediaType });
  }
  const { mediaType, digest, size } = image.descriptor;
  return { mediaType, digest, size };
}

interface BlobToPush extends Omit<PushOptions, 'image'> {
  readonly reference: Reference;
  readonly blob: Descriptor;
}

async function pushBlob(
  client: RegistryWriter,
  { reference, blob, reader, mountFrom, onTransfer }: BlobToPush,
): Promise<void> {
  const bytes = observeTransfer(reader.read(blob), blob, onTransfer);
  const outcome = await client.pushBlob(reference, { descriptor: blob, bytes, mountFrom });
  if (outcome !== 'uploaded') onTransfer?.({ descriptor: blob, current: blob.size, total: blob.size });
}
