import type { CacheKey } from '../../cache/cache-key.ts';
import { frameKey } from '../../cache/frame.ts';
import type { DiffId } from '../../core/digest.ts';
import { ContentError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { MediaType } from '../../core/media-types.ts';
import { formatDescriptor } from '../../oci/image/descriptor-json.ts';
import { formatJson } from '../../oci/image/json.ts';
import { parseManifest } from '../../oci/image/manifest.ts';
import { annotationsOf, EMPTY_CONFIG_TYPE, emptyConfig, NAMES, TOC, UPLOADED } from './step-document.ts';

/** A table of contents alone, of a layer that came with an image: with it nobody needs the layer to build on top. */
export interface SharedToc {
  readonly diffId: DiffId;
  readonly toc: Descriptor;
  /** RFC 3339. */
  readonly uploaded?: string;
}

const ARTIFACT = 'application/vnd.lamella.cache.toc.v1+json';

/** Under which a shared cache has it. */
export function tocKey(diffId: DiffId): CacheKey {
  return frameKey('toc 3', [{ name: 'diff-id', value: diffId }]);
}

export function formatToc({ diffId, toc }: SharedToc, uploaded: Date): Uint8Array {
  return formatJson({
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    artifactType: ARTIFACT,
    config: { mediaType: EMPTY_CONFIG_TYPE, ...emptyConfig() },
    layers: [formatDescriptor(toc)],
    annotations: {
      [NAMES.key]: tocKey(diffId),
      [NAMES.diffId]: diffId,
      [NAMES.step]: `contents of ${diffId}`,
      [UPLOADED]: uploaded.toISOString(),
    },
  });
}

/**
 * Reads what {@link formatToc} wrote, from a place that need not be trusted.
 * @throws ContentError `CONTENT_BAD_CACHE_STEP` and those of a manifest
 */
export function parseToc(bytes: Uint8Array, diffId: DiffId, name: string): SharedToc {
  const manifest = parseManifest(bytes, name);
  const annotations = annotationsOf(bytes, name);
  const [toc] = manifest.kind === 'manifest' ? manifest.layers : [];
  if (annotations[NAMES.diffId] === diffId && toc?.mediaType === TOC) {
    return { diffId, toc, ...(annotations[UPLOADED] !== undefined && { uploaded: annotations[UPLOADED] }) };
  }
  throw new ContentError('CONTENT_BAD_CACHE_STEP', `${name} has no table of contents of ${diffId}`, {
    hint: 'somebody else writes to this cache, or it is damaged: leave it out of --cache-from, or remove it there',
  });
}
