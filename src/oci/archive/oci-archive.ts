import { hexOf } from '../../core/digest.ts';
import type { Descriptor } from '../../core/image.ts';
import type { Bytes } from '../../core/ports.ts';
import { writeAtomic } from '../../io/atomic-file.ts';
import type { DescriptorReader } from '../graph.ts';
import { formatIndex } from '../image/manifest.ts';
import { BLOBS, INDEX_FILE, LAYOUT_CONTENT, LAYOUT_FILE } from '../layout/layout-files.ts';
import { contentOfAll, type NamedImage, toIndexEntries } from '../named-image.ts';
import { blobMember, contentMember, dockerManifest } from './members.ts';
import { tarStream } from './tar-stream.ts';

/** Writes {@link ociArchive} to a file, which appears when it is whole. */
export function writeOciArchive(file: string, exports: readonly NamedImage[], reader: DescriptorReader): Promise<void> {
  return writeAtomic(file, ociArchive(exports, reader));
}

/**
 * A tar archive of an OCI image layout that also holds docker's `manifest.json` over the same blobs, so that every
 * engine loads it. Equal images give equal bytes.
 */
export function ociArchive(exports: readonly NamedImage[], reader: DescriptorReader): Bytes {
  return { [Symbol.asyncIterator]: () => generate(exports, reader) };
}

async function* generate(exports: readonly NamedImage[], reader: DescriptorReader): AsyncGenerator<Uint8Array, void> {
  const content = await contentOfAll(reader, exports);
  yield* tarStream([
    contentMember(LAYOUT_FILE, LAYOUT_CONTENT),
    contentMember(INDEX_FILE, formatIndex(toIndexEntries(exports))),
    ...(await dockerManifest(exports, reader, { config: blobPath, layer: blobPath })),
    { path: 'blobs', directory: true },
    { path: BLOBS, directory: true },
    ...content.map((descriptor) => blobMember(blobPath(descriptor), descriptor, reader)),
  ]);
}

function blobPath(descriptor: Descriptor): string {
  return `${BLOBS}/${hexOf(descriptor.digest)}`;
}
