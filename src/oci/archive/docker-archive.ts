import { hexOf } from '../../core/digest.ts';
import type { Descriptor } from '../../core/image.ts';
import { MediaType } from '../../core/media-types.ts';
import type { Bytes, ContentReader } from '../../core/ports.ts';
import { writeAtomic } from '../../io/atomic-file.ts';
import { isManifestType } from '../image/manifest.ts';
import { contentOfAll, type NamedImage } from '../named-image.ts';
import { blobMember, contentMember, dockerManifest } from './members.ts';
import { tarStream } from './tar-stream.ts';

/** Writes {@link dockerArchive} to a file, which appears when it is whole. */
export function writeDockerArchive(file: string, exports: readonly NamedImage[], reader: ContentReader): Promise<void> {
  return writeAtomic(file, dockerArchive(exports, reader));
}

/**
 * A tar archive as `docker save` wrote it before it wrote OCI layouts. Layers stay compressed, which all readers take.
 * Equal images give equal bytes.
 */
export function dockerArchive(exports: readonly NamedImage[], reader: ContentReader): Bytes {
  return { [Symbol.asyncIterator]: () => generate(exports, reader) };
}

async function* generate(exports: readonly NamedImage[], reader: ContentReader): AsyncGenerator<Uint8Array, void> {
  const content = (await contentOfAll(reader, exports)).filter(({ mediaType }) => !isManifestType(mediaType));
  yield* tarStream([
    ...content.map((descriptor) => blobMember(memberPath(descriptor), descriptor, reader)),
    contentMember('manifest.json', await dockerManifest(exports, reader, { config: memberPath, layer: memberPath })),
  ]);
}

function memberPath({ mediaType, digest }: Descriptor): string {
  const isConfig = mediaType === MediaType.ociConfig || mediaType === MediaType.dockerConfig;
  return `${hexOf(digest)}.${isConfig ? 'json' : 'tar'}`;
}
