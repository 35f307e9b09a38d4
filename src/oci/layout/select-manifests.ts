import { ContentError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { imageCandidates } from '../choose-manifest.ts';
import { Annotation } from '../named-image.ts';
import type { Layout } from './layout.ts';
import type { LayoutAddress } from './layout-address.ts';

/**
 * Entries of a layout's index that an address can mean: one, or several for the platform to choose from.
 * @throws ContentError `CONTENT_IMAGE_NOT_FOUND`, `CONTENT_IMAGE_AMBIGUOUS`
 */
export function selectManifests(
  { dir, manifests }: Pick<Layout, 'dir' | 'manifests'>,
  { tag, digest }: Pick<LayoutAddress, 'tag' | 'digest'>,
): Descriptor[] {
  const images = distinct(imageCandidates(manifests));
  if (digest !== undefined)
    return found(
      images.filter((image) => image.digest === digest),
      `${dir}@${digest}`,
      manifests,
    );
  if (tag !== undefined) return found(distinct(tagged(manifests, tag)), `${dir}:${tag}`, manifests);
  if (images.length === 1) return images;
  const latest = distinct(tagged(manifests, 'latest'));
  if (latest.length > 0) return latest;
  if (tagsOf(manifests).length > 1) throw ambiguous(dir, manifests);
  return found(images, dir, manifests);
}

function tagged(manifests: readonly Descriptor[], tag: string): Descriptor[] {
  return imageCandidates(manifests).filter((manifest) => namesOf(manifest).some((name) => tagOf(name) === tag));
}

function namesOf({ annotations = {} }: Descriptor): string[] {
  return [annotations[Annotation.refName], annotations[Annotation.imageName]].filter((name) => name !== undefined);
}

/** Tools write the tag alone, or a whole reference. */
function tagOf(name: string): string {
  return name.slice(Math.max(name.lastIndexOf(':'), name.lastIndexOf('/')) + 1);
}

function tagsOf(manifests: readonly Descriptor[]): string[] {
  return [...new Set(imageCandidates(manifests).flatMap((manifest) => namesOf(manifest).map(tagOf)))].sort();
}

/** One image may have several names. */
function distinct(manifests: readonly Descriptor[]): Descriptor[] {
  return [...new Map(manifests.map((manifest) => [manifest.digest, manifest])).values()];
}

function found(images: Descriptor[], name: string, manifests: readonly Descriptor[]): Descriptor[] {
  if (images.length > 0) return images;
  const existing = describe(manifests);
  throw new ContentError('CONTENT_IMAGE_NOT_FOUND', `there is no image ${name}`, {
    expected: name,
    found: existing,
    hint: `the layout holds: ${existing}`,
  });
}

function ambiguous(dir: string, manifests: readonly Descriptor[]): ContentError {
  return new ContentError('CONTENT_IMAGE_AMBIGUOUS', `${dir} holds several images`, {
    found: describe(manifests),
    hint: `choose one as ${dir}:TAG or ${dir}@DIGEST; the layout holds: ${describe(manifests)}`,
  });
}

function describe(manifests: readonly Descriptor[]): string {
  const images = imageCandidates(manifests);
  const list = images.map((image) => namesOf(image).map(tagOf)[0] ?? image.digest);
  return [...new Set(list)].join(', ') || 'no image';
}
