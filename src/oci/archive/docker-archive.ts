import { hexOf } from '../../core/digest.ts';
import type { Descriptor } from '../../core/image.ts';
import { compressionOf, MediaType } from '../../core/media-types.ts';
import type { Bytes } from '../../core/ports.ts';
import { writeAtomic } from '../../io/atomic-file.ts';
import { type DescriptorReader, isDocumentType } from '../graph.ts';
import { decompress } from '../image/decompress.ts';
import { contentOfAll, type NamedImage } from '../named-image.ts';
import { blobMember, dockerManifest } from './members.ts';
import { type ArchiveMember, tarStream } from './tar-stream.ts';

/** Writes {@link dockerArchive} to a file, which appears when it is whole. */
export function writeDockerArchive(
  file: string,
  exports: readonly NamedImage[],
  reader: DescriptorReader,
): Promise<void> {
  return writeAtomic(file, dockerArchive(exports, reader));
}

/**
 * A tar archive as `docker save` wrote it before it wrote OCI layouts. Layers stay compressed with gzip, which all
 * readers take, but not with zstd, which Docker 20 does not know. Equal images give equal bytes.
 */
export function dockerArchive(exports: readonly NamedImage[], reader: DescriptorReader): Bytes {
  return { [Symbol.asyncIterator]: () => generate(exports, reader) };
}

async function* generate(exports: readonly NamedImage[], reader: DescriptorReader): AsyncGenerator<Uint8Array, void> {
  const content = (await contentOfAll(reader, exports)).filter(({ mediaType }) => !isDocumentType(mediaType));
  const members: ArchiveMember[] = [];
  for (const descriptor of content) members.push(await toMember(descriptor, reader));
  yield* tarStream([...members, ...(await dockerManifest(exports, reader, { config: memberPath, layer: memberPath }))]);
}

async function toMember(descriptor: Descriptor, reader: DescriptorReader): Promise<ArchiveMember> {
  const path = memberPath(descriptor);
  if (compressionOf(descriptor.mediaType) !== 'zstd') return blobMember(path, descriptor, reader);
  const bytes = decompress(reader.read(descriptor), 'zstd');
  return { path, size: await countBytes(bytes), bytes };
}

/** A tar header tells the size before the content comes. */
async function countBytes(bytes: Bytes): Promise<number> {
  let size = 0;
  for await (const chunk of bytes) size += chunk.length;
  return size;
}

function memberPath({ mediaType, digest }: Descriptor): string {
  const isConfig = mediaType === MediaType.ociConfig || mediaType === MediaType.dockerConfig;
  return `${hexOf(digest)}.${isConfig ? 'json' : 'tar'}`;
}
