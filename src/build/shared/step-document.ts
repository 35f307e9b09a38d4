import type { CacheKey } from '../../cache/cache-key.ts';
import { type DiffId, isDigest, toDiffId } from '../../core/digest.ts';
import { ContentError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { compressionOf, MediaType } from '../../core/media-types.ts';
import type { Written } from '../../core/ports.ts';
import { digestOf } from '../../io/hash.ts';
import { formatDescriptor } from '../../oci/image/descriptor-json.ts';
import { formatJson, isObject, parseJsonObject } from '../../oci/image/json.ts';
import { parseManifest } from '../../oci/image/manifest.ts';

/** What a shared cache tells of a step. */
export interface SharedStep {
  readonly key: CacheKey;
  readonly diffId: DiffId;
  /** RFC 3339, for the history. */
  readonly created: string;
  /** The instruction, for people. */
  readonly step: string;
  readonly layer: Descriptor;
  /** How the layer was compressed. */
  readonly recipe: string;
  /** Table of contents of the layer: with it nobody needs the layer itself to go on. */
  readonly toc?: Descriptor;
  /** RFC 3339. */
  readonly uploaded?: string;
}

const ARTIFACT = 'application/vnd.lamella.cache.step.v1+json';
/** Of the form that `layers/toc-codec.ts` writes; another one is not looked at. */
export const TOC: string = 'application/vnd.lamella.toc.v3';
/** Annotations of what a shared cache holds. */
export const NAMES = {
  key: 'dev.lamella.key',
  diffId: 'dev.lamella.diff-id',
  step: 'dev.lamella.step',
  recipe: 'dev.lamella.recipe',
};
const LAYER_CREATED = 'dev.lamella.created';
export const UPLOADED: string = 'org.opencontainers.image.created';

/** image-spec, manifest.md, "Guidance for an Empty Descriptor". */
export const EMPTY_CONFIG_TYPE: string = 'application/vnd.oci.empty.v1+json';
export const EMPTY_CONFIG: Uint8Array = Buffer.from('{}');

export function tocDescriptor(toc: Uint8Array): Descriptor {
  return { mediaType: TOC, ...writtenOf(toc) };
}

export function emptyConfig(): Written {
  return writtenOf(EMPTY_CONFIG);
}

function writtenOf(bytes: Uint8Array): Written {
  return { digest: digestOf(bytes), size: bytes.length };
}

/** A step as a manifest that registries take (image-spec, manifest.md, "Guidelines for Artifact Usage"). */
export function formatStep({ key, diffId, created, step, layer, recipe, toc }: SharedStep, uploaded: Date): Uint8Array {
  return formatJson({
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    artifactType: ARTIFACT,
    config: { mediaType: EMPTY_CONFIG_TYPE, ...emptyConfig() },
    layers: [layer, ...(toc === undefined ? [] : [toc])].map(formatDescriptor),
    annotations: {
      [NAMES.key]: key,
      [NAMES.diffId]: diffId,
      [NAMES.step]: step,
      [NAMES.recipe]: recipe,
      [LAYER_CREATED]: created,
      [UPLOADED]: uploaded.toISOString(),
    },
  });
}

/**
 * Reads what {@link formatStep} wrote, from a place that need not be trusted.
 * @throws ContentError `CONTENT_BAD_CACHE_STEP` and those of a manifest
 */
export function parseStep(bytes: Uint8Array, key: CacheKey, name: string): SharedStep {
  const manifest = parseManifest(bytes, name);
  const annotations = annotationsOf(bytes, name);
  const [layer, toc] = manifest.kind === 'manifest' ? manifest.layers : [];
  const diffId = annotations[NAMES.diffId] ?? '';
  const created = annotations[LAYER_CREATED] ?? '';
  const isStep = annotations[NAMES.key] === key && isDigest(diffId) && !Number.isNaN(Date.parse(created));
  if (!isStep || layer === undefined || compressionOf(layer.mediaType) === undefined) throw noStep(name, key);
  return {
    key,
    diffId: toDiffId(diffId),
    created,
    step: annotations[NAMES.step] ?? '',
    layer,
    recipe: annotations[NAMES.recipe] ?? '',
    ...(toc?.mediaType === TOC && { toc }),
    ...(annotations[UPLOADED] !== undefined && { uploaded: annotations[UPLOADED] }),
  };
}

export function annotationsOf(bytes: Uint8Array, name: string): Readonly<Record<string, string>> {
  const { annotations } = parseJsonObject(bytes, name);
  if (!isObject(annotations)) return {};
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, String(value)]));
}

function noStep(name: string, key: CacheKey): ContentError {
  return new ContentError('CONTENT_BAD_CACHE_STEP', `${name} is not the step ${key} of a shared cache`, {
    hint: 'somebody else writes to this cache, or it is damaged: leave it out of --cache-from, or remove it there',
  });
}
