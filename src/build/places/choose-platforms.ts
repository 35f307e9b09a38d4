import type { Descriptor } from '../../core/image.ts';
import { MediaType } from '../../core/media-types.ts';
import { type Platform, samePlatform } from '../../core/platform.ts';
import type { BlobPaths } from '../../core/ports.ts';
import { digestOf } from '../../io/hash.ts';
import { chooseManifest, findManifest } from '../../oci/choose-manifest.ts';
import { type DescriptorReader, readDocument } from '../../oci/graph.ts';
import { parseConfig } from '../../oci/image/config.ts';
import { formatIndex, isIndexType } from '../../oci/image/manifest.ts';
import { platformOfConfig } from '../../oci/named-image.ts';
import { readAll } from '../../store/read.ts';
import type { OpenedPlace } from './open-place.ts';

/** An image, or an index of several, and how its content is read. */
export interface ChosenImage {
  readonly descriptor: Descriptor;
  readonly reader: DescriptorReader & Partial<BlobPaths>;
}

/**
 * What of a place is meant. No platform: all of it as it is, and of several images without an index the one for `host`. One:
 * its manifest. Several: an index of these, by the platforms that they really are for. An image that stands alone is taken
 * for `host` whatever it is for, as `FROM` takes it.
 * @throws ContentError `CONTENT_PLATFORM_NOT_FOUND`, which tells the platforms that exist
 */
export async function choosePlatforms(
  opened: OpenedPlace,
  wanted: readonly Platform[],
  { host, name }: { readonly host: Platform; readonly name: string },
): Promise<ChosenImage> {
  const { candidates, reader } = opened;
  const [first, second] = candidates;
  const isOne = first !== undefined && second === undefined;
  if (wanted.length === 0) return { descriptor: isOne ? first : chooseManifest(candidates, host, name), reader };
  const read = (descriptor: Descriptor) => readDocument(reader, descriptor);
  const find = async (platform: Platform): Promise<Descriptor> => {
    const start = isOne ? first : chooseManifest(candidates, platform, name);
    const { descriptor, document } = await findManifest(await read(start), { platform, name, read });
    const own = descriptor.platform ?? (await readPlatform(document.config, reader, name));
    const found = { ...descriptor, platform: own };
    const isAnyGood = wanted.length === 1 && samePlatform(platform, host) && start.digest === descriptor.digest;
    return isAnyGood ? found : chooseManifest([found], platform, name);
  };
  const manifests: Descriptor[] = [];
  for (const platform of wanted) manifests.push(await find(platform));
  const [only] = manifests;
  if (only !== undefined && manifests.length === 1) return { descriptor: only, reader };
  return indexOf(manifests, reader);
}

async function readPlatform(config: Descriptor, reader: DescriptorReader, name: string): Promise<Platform> {
  return platformOfConfig(parseConfig(await readAll(reader, config), `config of ${name}`));
}

/** An index that exists in memory only, until it is written somewhere. */
export function indexOf(manifests: readonly Descriptor[], reader: ChosenImage['reader']): ChosenImage {
  const bytes = formatIndex(manifests);
  const descriptor = { mediaType: MediaType.ociIndex, digest: digestOf(bytes), size: bytes.length };
  const read: DescriptorReader['read'] = (target) =>
    target.digest === descriptor.digest ? { [Symbol.asyncIterator]: () => only(bytes) } : reader.read(target);
  const { pathOf } = reader;
  return {
    descriptor,
    reader: { read, ...(pathOf !== undefined && { pathOf }) },
  };
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

export function isIndex({ mediaType }: Descriptor): boolean {
  return isIndexType(mediaType);
}
