import { statSync } from 'node:fs';
import type { Digest } from '../../core/digest.ts';
import { isBuilderError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { readManifest } from '../../oci/image/read-image.ts';
import type { OpenCache } from './open-cache.ts';

export interface PulledRoot {
  /** The image's manifest; with it, what says that it was pulled is taken away. */
  readonly manifest: Digest;
  readonly files: readonly string[];
  readonly usedMs: number;
  readonly text: string;
}

/** Blobs that images need: of the local store, by digest with a name; and of bases that were pulled. */
export interface Roots {
  readonly named: ReadonlyMap<Digest, string>;
  readonly pulled: ReadonlyMap<Digest, PulledRoot>;
}

export async function findRoots(cache: OpenCache): Promise<Roots> {
  const named = new Map<Digest, string>();
  for (const { name, descriptor } of cache.names.list()) {
    for (const digest of await blobsOf(cache, descriptor)) named.set(digest, name);
  }
  const pulled = new Map<Digest, PulledRoot>();
  for (const { path, image } of cache.pulled.scan()) {
    if (image === undefined) continue;
    const usedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const root = { manifest: image.manifest.digest, files: [path], usedMs, text: image.reference };
    for (const digest of [image.resolved, ...(await blobsOf(cache, image.manifest))]) {
      pulled.set(digest, later(pulled.get(digest), root));
    }
  }
  return { named, pulled };
}

function later(before: PulledRoot | undefined, root: PulledRoot): PulledRoot {
  if (before === undefined) return root;
  const files = before.manifest === root.manifest ? [...before.files, ...root.files] : root.files;
  return { ...(before.usedMs > root.usedMs ? before : root), files };
}

/** The manifest, the configuration and the layers; of a damaged image what can be known. */
async function blobsOf({ store }: OpenCache, descriptor: Descriptor): Promise<Digest[]> {
  try {
    const { config, layers } = await readManifest(store, descriptor);
    return [descriptor.digest, config.digest, ...layers.map(({ digest }) => digest)];
  } catch (error) {
    if (isBuilderError(error)) return [descriptor.digest];
    throw error;
  }
}
