import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor, Image } from '../../core/image.ts';
import { MediaType } from '../../core/media-types.ts';
import type { Platform } from '../../core/platform.ts';
import { createBlobStore } from '../../store/blob-store.ts';
import { readAll } from '../../store/read.ts';
import { chooseManifest, findManifest } from '../choose-manifest.ts';
import { type ImageIndex, type Manifest, parseManifest } from '../image/manifest.ts';
import { readImage } from '../image/read-image.ts';
import type { Layout } from './layout.ts';
import { type LayoutAddress, unreadableLayout } from './layout-address.ts';
import { INDEX_FILE, LAYOUT_FILE } from './layout-files.ts';
import { selectManifests } from './select-manifests.ts';

/** @throws ContentError `CONTENT_NOT_A_LAYOUT`, and those of a damaged index */
export async function readLayout(dir: string): Promise<Layout> {
  await readLayoutFile(dir, LAYOUT_FILE);
  const name = join(dir, INDEX_FILE);
  const document = parseManifest(await readLayoutFile(dir, INDEX_FILE), name, MediaType.ociIndex);
  const { manifests } = document.kind === 'index' ? document : { manifests: [] };
  const { has, read } = createBlobStore(dir);
  return { dir, reader: { has, read }, manifests };
}

/**
 * The image that an address names. Without tag and digest: the only image, else the one tagged `latest`, else the one
 * that fits the platform.
 * @throws ContentError `CONTENT_IMAGE_NOT_FOUND`, `CONTENT_IMAGE_AMBIGUOUS`, `CONTENT_PLATFORM_NOT_FOUND`
 */
export async function readLayoutImage(
  layout: Layout,
  address: Pick<LayoutAddress, 'tag' | 'digest'>,
  platform: Platform,
): Promise<Image> {
  const name = layout.dir;
  const manifests = selectManifests(layout, address);
  const [only] = manifests;
  const first = only !== undefined && manifests.length === 1 ? only : chooseManifest(manifests, platform, name);
  const read = async (descriptor: Descriptor): Promise<Found> => {
    const bytes = await readAll(layout.reader, descriptor);
    return { descriptor, document: parseManifest(bytes, `${name} (${descriptor.digest})`, descriptor.mediaType) };
  };
  const found = await findManifest(await read(first), { platform, name, read });
  return readImage(layout.reader, found.descriptor);
}

interface Found {
  readonly descriptor: Descriptor;
  readonly document: Manifest | ImageIndex;
}

async function readLayoutFile(dir: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(dir, name));
  } catch (cause) {
    throw unreadableLayout(dir, name, cause);
  }
}
