import type { Descriptor, Image } from '../core/image.ts';
import type { Platform } from '../core/platform.ts';
import type { ContentReader } from '../core/ports.ts';
import { findManifest } from './choose-manifest.ts';
import { readDocument, type StoredDocument } from './graph.ts';
import { isIndexType } from './image/manifest.ts';
import { readImage } from './image/read-image.ts';

/**
 * Reads an image, or of an index the one for a platform. `name` is for messages.
 * @throws ContentError as `readImage` does, and `CONTENT_PLATFORM_NOT_FOUND`
 */
export async function readImageFor(
  reader: ContentReader,
  descriptor: Descriptor,
  { platform, name }: { readonly platform: Platform; readonly name: string },
): Promise<Image> {
  if (!isIndexType(descriptor.mediaType)) return await readImage(reader, descriptor);
  const read = (target: Descriptor): Promise<StoredDocument> => readDocument(reader, target);
  const found = await findManifest(await read(descriptor), { platform, name, read });
  return await readImage(reader, found.descriptor);
}
