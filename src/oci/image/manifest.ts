import { ContentError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { MediaType } from '../../core/media-types.ts';
import { formatDescriptor, parseDescriptor } from './descriptor-json.ts';
import { formatJson, type JsonObject, parseJsonObject } from './json.ts';

/** An image manifest: one configuration and its layers, lowest first (image-spec, manifest.md). */
export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** An image index, or Docker's manifest list (image-spec, image-index.md). */
export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

/** No manifest of a real image comes near; the distribution specification asks registries for 4 MiB. */
export const MANIFEST_LIMIT: number = 4 << 20;

/** What a client asks a registry for, the preferred one first. */
export const MANIFEST_TYPES: readonly string[] = [
  MediaType.ociIndex,
  MediaType.dockerManifestList,
  MediaType.ociManifest,
  MediaType.dockerManifest,
];

export function isIndexType(mediaType: string): boolean {
  return mediaType === MediaType.ociIndex || mediaType === MediaType.dockerManifestList;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === MediaType.ociManifest || mediaType === MediaType.dockerManifest;
}

/**
 * Reads a manifest or an index. The media type in the document counts, then the one of its descriptor, then the shape.
 * @throws ContentError `CONTENT_BAD_JSON`, `CONTENT_BAD_MANIFEST`, `CONTENT_BAD_DESCRIPTOR`
 */
export function parseManifest(bytes: Uint8Array, name: string, declaredType?: string): Manifest | ImageIndex {
  const value = parseJsonObject(bytes, name);
  const mediaType = mediaTypeOf(value, declaredType);
  if (isIndexType(mediaType)) return { kind: 'index', mediaType, manifests: descriptors(value, 'manifests', name) };
  if (!isManifestType(mediaType)) throw unknownType(name, mediaType, value);
  return {
    kind: 'manifest',
    mediaType,
    config: parseDescriptor(value.config, name),
    layers: descriptors(value, 'layers', name),
  };
}

type Annotations = Readonly<Record<string, string>>;

export function formatManifest(
  manifest: Pick<Manifest, 'config' | 'layers'> & { readonly annotations?: Annotations | undefined },
): Uint8Array {
  return formatJson({
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: formatDescriptor(manifest.config),
    layers: manifest.layers.map(formatDescriptor),
    annotations: manifest.annotations,
  });
}

export function formatIndex(manifests: readonly Descriptor[], annotations?: Annotations): Uint8Array {
  return formatJson({
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    manifests: manifests.map(formatDescriptor),
    annotations,
  });
}

function mediaTypeOf(value: JsonObject, declared: string | undefined): string {
  if (typeof value.mediaType === 'string' && value.mediaType !== '') return value.mediaType;
  if (declared !== undefined && MANIFEST_TYPES.includes(declared)) return declared;
  return guessedType(value) ?? declared ?? '';
}

function guessedType(value: JsonObject): string | undefined {
  if (value.schemaVersion !== 2) return undefined;
  if (Array.isArray(value.manifests)) return MediaType.ociIndex;
  return Array.isArray(value.layers) ? MediaType.ociManifest : undefined;
}

function descriptors(value: JsonObject, member: string, name: string): Descriptor[] {
  const list = value[member];
  if (!Array.isArray(list)) {
    throw new ContentError('CONTENT_BAD_MANIFEST', `${name} has no list of ${member}`, {
      hint: 'the source is damaged, or is not an OCI image',
    });
  }
  return list.map((item: unknown, at) => parseDescriptor(item, `${name} (${member}[${at}])`));
}

function unknownType(name: string, mediaType: string, value: JsonObject): ContentError {
  const what = value.schemaVersion === 1 ? 'a manifest of Docker schema 1' : `a document of type "${mediaType}"`;
  return new ContentError('CONTENT_BAD_MANIFEST', `${name} is ${what}, not an image manifest or index`, {
    found: mediaType,
    hint: 'lamella reads OCI and Docker schema 2 images; push the image again with a current tool',
  });
}
