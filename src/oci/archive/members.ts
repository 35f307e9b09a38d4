import type { Descriptor } from '../../core/image.ts';
import { bytesOf } from '../../store/read.ts';
import { type DescriptorReader, readDocument } from '../graph.ts';
import { formatJson } from '../image/json.ts';
import type { NamedImage } from '../named-image.ts';
import type { ArchiveMember } from './tar-stream.ts';

export function contentMember(path: string, content: Uint8Array): ArchiveMember {
  return { path, size: content.byteLength, bytes: { [Symbol.asyncIterator]: () => bytesOf(content) } };
}

export function blobMember(path: string, descriptor: Descriptor, reader: DescriptorReader): ArchiveMember {
  return { path, size: descriptor.size, bytes: reader.read(descriptor) };
}

/** Where an archive keeps the blobs that docker's manifest.json names. */
export interface DockerPaths {
  readonly config: (config: Descriptor) => string;
  readonly layer: (layer: Descriptor) => string;
}

/** Docker's `manifest.json`: what `docker load` reads, one entry an image; an index cannot stand there. */
export async function dockerManifest(
  exports: readonly NamedImage[],
  reader: DescriptorReader,
  paths: DockerPaths,
): Promise<ArchiveMember[]> {
  const entries = [];
  for (const { image, names } of exports) {
    const { document } = await readDocument(reader, image.descriptor);
    if (document.kind === 'index') continue;
    const { config, layers } = document;
    // Whole names: docker shows them short, podman would take a short one for localhost/NAME.
    entries.push({ Config: paths.config(config), RepoTags: names, Layers: layers.map(paths.layer) });
  }
  return entries.length === 0 ? [] : [contentMember('manifest.json', formatJson(entries))];
}
