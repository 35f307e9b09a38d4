import type { Descriptor, Image } from '../core/image.ts';
import type { ContentReader } from '../core/ports.ts';
import { parseReference } from '../core/reference.ts';
import { readManifest } from './image/read-image.ts';

/** An image with the names under which it is exported: normalised references with a tag. */
export interface NamedImage {
  readonly image: Pick<Image, 'descriptor' | 'config'>;
  readonly names: readonly string[];
}

/** Annotations of descriptors in an index.json (reference, section 19). */
export const Annotation = {
  imageName: 'io.containerd.image.name',
  refName: 'org.opencontainers.image.ref.name',
  created: 'org.opencontainers.image.created',
} as const;

/**
 * Entries of an index.json: one for each name of each image, or one without a name. A tag stands in one entry only,
 * since umoci refuses a tag that several have.
 */
export function toIndexEntries(exports: readonly NamedImage[]): Descriptor[] {
  const tags = new Set<string>();
  return exports.flatMap(({ image, names }) =>
    names.length === 0 ? [toEntry(image, {})] : names.map((name) => toEntry(image, nameAnnotations(name, tags))),
  );
}

function toEntry({ descriptor, config }: NamedImage['image'], names: Readonly<Record<string, string>>): Descriptor {
  const { mediaType, digest, size } = descriptor;
  const annotations = {
    ...names,
    ...(config.created !== undefined && { [Annotation.created]: config.created }),
  };
  const { os, architecture, variant } = config;
  return {
    mediaType,
    digest,
    size,
    platform: { os, architecture, ...(variant !== undefined && { variant }) },
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

function nameAnnotations(name: string, used: Set<string>): Record<string, string> {
  const { tag } = parseReference(name);
  const isNew = tag !== undefined && !used.has(tag);
  if (isNew) used.add(tag);
  return { [Annotation.imageName]: name, ...(isNew && { [Annotation.refName]: tag }) };
}

/** All content of an image, the manifest first: what an export has to hold. */
export async function contentOf(reader: ContentReader, descriptor: Descriptor): Promise<Descriptor[]> {
  const manifest = await readManifest(reader, descriptor);
  return [descriptor, manifest.config, ...manifest.layers];
}

/** The content of several images, each blob once, in the order of their digests. */
export async function contentOfAll(reader: ContentReader, exports: readonly NamedImage[]): Promise<Descriptor[]> {
  const all = new Map<string, Descriptor>();
  for (const { image } of exports) {
    for (const descriptor of await contentOf(reader, image.descriptor)) all.set(descriptor.digest, descriptor);
  }
  return [...all.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}
