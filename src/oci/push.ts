import type { Descriptor, Image } from '../core/image.ts';
import type { Reference } from '../core/reference.ts';
import { allAtRest } from '../io/at-rest.ts';
import { createLimit } from '../io/limit.ts';
import { contentGraph, type DescriptorReader, isDocumentType, readDocument } from './graph.ts';
import type { RegistryWriter } from './registry/client.ts';
import { announceTransfers, type OnTransfer, observeTransfer, wasThere } from './transfer.ts';

/** Design, section 9: four to eight at a time is best. */
const DEFAULT_CONCURRENCY = 6;
/** Questions whether a blob is there wait for no upload. */
const QUESTIONS = 8;

export interface PushOptions {
  /** An image, or an index of several. */
  readonly image: Pick<Image, 'descriptor'>;
  readonly reader: DescriptorReader;
  /** Repository of the same registry that may hold a blob already, such as the base's. */
  readonly mountFrom?: ((blob: Descriptor) => string | undefined) | undefined;
  /** Blobs that move at a time. Default 6. */
  readonly concurrency?: number | undefined;
  readonly onTransfer?: OnTransfer | undefined;
  /** Told of each blob that is in the repository now. */
  readonly onBlob?: ((blob: Descriptor) => void) | undefined;
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
  const { image, reader } = options;
  const graph = await contentGraph(reader, image.descriptor);
  await pushBlobs(client, reference, {
    ...options,
    blobs: graph.filter(({ mediaType }) => !isDocumentType(mediaType)),
  });
  const { tag: _, digest: __, ...repository } = reference;
  for (const manifest of graph.filter(({ mediaType }) => isDocumentType(mediaType))) {
    const { bytes } = await readDocument(reader, manifest);
    const under = manifest.digest === image.descriptor.digest ? reference : repository;
    await client.pushManifest(under, { bytes, mediaType: manifest.mediaType });
  }
  const { mediaType, digest, size } = image.descriptor;
  return { mediaType, digest, size };
}

interface BlobsToPush extends PushOptions {
  readonly blobs: readonly Descriptor[];
}

/** Asks for all of them at once; what is missing is uploaded meanwhile. */
async function pushBlobs(
  client: RegistryWriter,
  reference: Reference,
  { blobs, reader, mountFrom, concurrency = DEFAULT_CONCURRENCY, onTransfer, onBlob }: BlobsToPush,
): Promise<void> {
  const questions = createLimit(QUESTIONS);
  const uploads = createLimit(concurrency);
  const upload = async (blob: Descriptor): Promise<void> => {
    const bytes = observeTransfer(reader.read(blob), blob, onTransfer);
    const push = { descriptor: blob, bytes, mountFrom: mountFrom?.(blob), isMissing: true };
    const outcome = await client.pushBlob(reference, push);
    if (outcome !== 'uploaded') wasThere(blob, onTransfer);
  };
  const bring = async (blob: Descriptor): Promise<void> => {
    if (await questions.run(() => client.hasBlob(reference, blob.digest))) wasThere(blob, onTransfer);
    else await uploads.run(() => upload(blob));
    onBlob?.(blob);
  };
  announceTransfers(blobs, onTransfer);
  await allAtRest(blobs.map(bring));
}
