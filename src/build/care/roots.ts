import { statSync } from 'node:fs';
import type { Digest } from '../../core/digest.ts';
import { isBuilderError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { isDocumentType, readDocument } from '../../oci/graph.ts';
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

/** A manifest, its configuration and its layers, or all that an index names; of a damaged image what can be known. */
async function blobsOf(cache: OpenCache, descriptor: Descriptor): Promise<Digest[]> {
  const blobs = [descriptor.digest];
  for (const each of await namedBy(cache, descriptor)) blobs.push(...(await blobsOf(cache, each)));
  return blobs;
}

async function namedBy({ store }: OpenCache, descriptor: Descriptor): Promise<readonly Descriptor[]> {
  if (!isDocumentType(descriptor.mediaType)) return [];
  try {
    const { document } = await readDocument(store, descriptor);
    return document.kind === 'index' ? document.manifests : [document.config, ...document.layers];
  } catch (error) {
    if (isBuilderError(error)) return [];
    throw error;
  }
}
