import type { Descriptor, Image, ImageConfig } from '../core/image.ts';
import type { Platform } from '../core/platform.ts';
import { parseReference } from '../core/reference.ts';
import { contentGraph, type DescriptorReader } from './graph.ts';

/** An image, or an index of several, with the names under which it is exported: normalised references with a tag. */
export interface NamedImage {
  readonly image: Pick<Image, 'descriptor'> & Partial<Pick<Image, 'config'>>;
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
    ...descriptor.annotations,
    ...names,
    ...(config?.created !== undefined && { [Annotation.created]: config.created }),
  };
  return {
    mediaType,
    digest,
    size,
    ...(config !== undefined && { platform: platformOfConfig(config) }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

function nameAnnotations(name: string, used: Set<string>): Record<string, string> {
  const { tag } = parseReference(name);
  const isNew = tag !== undefined && !used.has(tag);
  if (isNew) used.add(tag);
  return { [Annotation.imageName]: name, ...(isNew && { [Annotation.refName]: tag }) };
}

/** The platform that a configuration says; not normalised, since it is written as it stands there. */
export function platformOfConfig({ os, architecture, variant, 'os.version': osVersion }: ImageConfig): Platform {
  return {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { osVersion }),
  };
}

/** The content of several images, each blob once, in the order of their digests. */
export async function contentOfAll(reader: DescriptorReader, exports: readonly NamedImage[]): Promise<Descriptor[]> {
  const all = new Map<string, Descriptor>();
  for (const { image } of exports) {
    for (const descriptor of await contentGraph(reader, image.descriptor)) all.set(descriptor.digest, descriptor);
  }
  return [...all.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}
