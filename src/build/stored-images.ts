import { resolve } from 'node:path';
import { isBuilderError } from '../core/errors.ts';
import type { Descriptor, Image } from '../core/image.ts';
import { formatPlatform } from '../core/platform.ts';
import type { ContentReader } from '../core/ports.ts';
import { formatReference } from '../core/reference.ts';
import { defaultCacheDir } from '../io/host.ts';
import { imageCandidates } from '../oci/choose-manifest.ts';
import { readDocument } from '../oci/graph.ts';
import { readImage } from '../oci/image/read-image.ts';
import { platformOfConfig } from '../oci/named-image.ts';
import { formatFamiliar, normalizeReference } from '../oci/registry/docker-hub.ts';
import { type BlobStore, createBlobStore } from '../store/blob-store.ts';
import { cacheFolders } from './cache-folders.ts';
import { createImageNames } from './names.ts';

/** An image of the local store under one of its names. */
export interface StoredImage {
  /** As people write it. */
  readonly name: string;
  readonly digest: Descriptor['digest'];
  /** Bytes of its compressed layers. */
  readonly size: number;
  /** RFC 3339. */
  readonly created?: string;
  /** `os/architecture[/variant]`; of an index all of them, with commas. */
  readonly platform: string;
}

export interface StoreOptions {
  /** Default: `$XDG_CACHE_HOME/lamella`, else `~/.cache/lamella`. */
  readonly cacheDir?: string;
}

/** The images that builds left in the local store, by name. An image whose manifest or configuration is gone is left out. */
export async function listImages(options: StoreOptions = {}): Promise<readonly StoredImage[]> {
  const storeDir = storeDirOf(options);
  const store = createBlobStore(storeDir);
  const images: StoredImage[] = [];
  for (const { name, descriptor } of createImageNames(storeDir).list()) {
    const image = await describe(store, name, descriptor);
    if (image !== undefined) images.push(image);
  }
  return images.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Takes a name away from the local store; answers whether it was there. Layers stay, for later builds. */
export async function removeImage(name: string, options: StoreOptions = {}): Promise<boolean> {
  return await createImageNames(storeDirOf(options)).remove(formatReference(normalizeReference(name)));
}

function storeDirOf({ cacheDir }: StoreOptions): string {
  return cacheFolders(resolve(cacheDir ?? defaultCacheDir())).store;
}

async function describe(store: BlobStore, name: string, descriptor: Descriptor): Promise<StoredImage | undefined> {
  const images = await readIfWhole(store, descriptor);
  if (images === undefined) return undefined;
  const layers = new Map(images.flatMap((image) => image.layers).map((layer) => [layer.descriptor.digest, layer]));
  const created = images[0]?.config.created;
  return {
    name: formatFamiliar(normalizeReference(name)),
    digest: descriptor.digest,
    size: [...layers.values()].reduce((sum, layer) => sum + layer.descriptor.size, 0),
    ...(created !== undefined && { created }),
    platform: images.map(({ config }) => formatPlatform(platformOfConfig(config))).join(','),
  };
}

/** One image, or those of an index; `undefined` where a manifest or a configuration is missing or damaged. */
export async function readIfWhole(store: ContentReader, descriptor: Descriptor): Promise<readonly Image[] | undefined> {
  try {
    const { document } = await readDocument(store, descriptor);
    if (document.kind === 'manifest') return [await readImage(store, descriptor)];
    return await Promise.all(imageCandidates(document.manifests).map((manifest) => readImage(store, manifest)));
  } catch (error) {
    if (isBuilderError(error) && error.family === 'content') return undefined;
    throw error;
  }
}
