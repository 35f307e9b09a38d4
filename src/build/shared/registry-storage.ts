import type { CacheKey } from '../../cache/cache-key.ts';
import type { SharedStorage } from '../../cache/shared-storage.ts';
import { RegistryError } from '../../core/errors.ts';
import { MediaType } from '../../core/media-types.ts';
import { formatReference, type Reference } from '../../core/reference.ts';
import type { RegistryClient } from '../../oci/registry/client.ts';
import { normalizeReference } from '../../oci/registry/docker-hub.ts';

const PREFIX = 'lamella-';

/** `type=registry`: a repository of any registry, with a tag for each step. Its blobs are those of images beside it. */
export function createRegistryStorage(client: RegistryClient, ref: string): SharedStorage {
  const { registry, repository } = normalizeReference(ref);
  const place = { registry, repository };
  const referenceOf = (key: CacheKey): Reference => ({ ...place, tag: `${PREFIX}${key.slice('sha256:'.length)}` });
  return {
    name: formatReference(place),
    readDocument: (key) => unlessMissing(async () => (await client.manifest(referenceOf(key))).bytes),
    async writeDocument(key, bytes) {
      await client.pushManifest(referenceOf(key), { bytes, mediaType: MediaType.ociManifest });
    },
    hasBlob: ({ digest }) => client.hasBlob(place, digest),
    readBlob: (blob) => client.blob(place, blob),
    async writeBlob(descriptor, bytes) {
      await client.pushBlob(place, { descriptor, bytes });
    },
    async *list() {
      for await (const tag of client.tags(place)) {
        if (tag.startsWith(PREFIX)) yield `sha256:${tag.slice(PREFIX.length)}` as CacheKey;
      }
    },
    async remove(key) {
      const found = await unlessMissing(() => client.resolve(referenceOf(key)));
      if (found !== undefined) await client.deleteManifest({ ...place, digest: found.digest });
    },
    // The registry collects its own garbage.
    sweep: () => Promise.resolve(),
  };
}

/** A registry says 404 for a tag and for a repository that are not there. */
async function unlessMissing<T>(get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return undefined;
    throw error;
  }
}
