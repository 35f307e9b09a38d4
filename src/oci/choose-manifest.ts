import { ContentError } from '../core/errors.ts';
import type { Descriptor } from '../core/image.ts';
import { choosePlatform, formatPlatform, type Platform } from '../core/platform.ts';
import { type ImageIndex, isIndexType, isManifestType, type Manifest } from './image/manifest.ts';

/** Docker's mark on a manifest that says something about another one and is not an image. */
const ATTESTATION = 'vnd.docker.reference.type';
/** An index of indexes is legal; one that goes on for ever is not. */
const MAX_DEPTH = 4;

interface Document {
  readonly document: Manifest | ImageIndex;
}

export interface ManifestSearch<T extends Document> {
  readonly platform: Platform;
  /** Of the image, for messages. */
  readonly name: string;
  readonly read: (descriptor: Descriptor) => Promise<T>;
}

/**
 * Follows indexes from `first` to the manifest of one image.
 * @throws ContentError `CONTENT_PLATFORM_NOT_FOUND`, `CONTENT_BAD_MANIFEST`
 */
export async function findManifest<T extends Document>(
  first: T,
  { platform, name, read }: ManifestSearch<T>,
): Promise<T & { readonly document: Manifest }> {
  let found = first;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const { document } = found;
    if (document.kind === 'manifest') return { ...found, document };
    found = await read(chooseManifest(document.manifests, platform, name));
  }
  throw new ContentError('CONTENT_BAD_MANIFEST', `${name}: indexes within indexes, more than ${MAX_DEPTH} deep`, {
    hint: 'the image is damaged or hostile; choose another one',
  });
}

/** Manifests and indexes of images, attestations and other artifacts left out. */
export function imageCandidates(manifests: readonly Descriptor[]): Descriptor[] {
  return manifests.filter((manifest) => isImageType(manifest.mediaType) && !isAttestation(manifest));
}

/**
 * The descriptor of an index that fits `platform` best; where none names a platform that fits, the first that names
 * none. `name` says in the message where the index is from.
 * @throws ContentError `CONTENT_PLATFORM_NOT_FOUND`, which tells the platforms that exist
 */
export function chooseManifest(manifests: readonly Descriptor[], platform: Platform, name: string): Descriptor {
  const candidates = imageCandidates(manifests);
  const at = choosePlatform(
    candidates.map((candidate) => candidate.platform),
    platform,
  );
  const chosen = at === undefined ? candidates.find((candidate) => candidate.platform === undefined) : candidates[at];
  if (chosen === undefined) throw noPlatform(candidates, platform, name);
  return chosen;
}

function isImageType(mediaType: string): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

function isAttestation({ annotations, platform }: Descriptor): boolean {
  const unknown = platform?.os === 'unknown' && platform.architecture === 'unknown';
  return unknown || annotations?.[ATTESTATION] !== undefined;
}

function noPlatform(candidates: readonly Descriptor[], wanted: Platform, name: string): ContentError {
  const existing = [...new Set(candidates.map(({ platform }) => (platform ? formatPlatform(platform) : '')))];
  const list = existing.filter((text) => text !== '').join(', ') || 'none';
  return new ContentError('CONTENT_PLATFORM_NOT_FOUND', `${name} has no image for ${formatPlatform(wanted)}`, {
    expected: formatPlatform(wanted),
    found: list,
    hint: `it has: ${list}; choose one of these with --platform, or another image`,
  });
}
