import type { Digest } from '../../core/digest.ts';
import { ContentError } from '../../core/errors.ts';
import type { Descriptor, Image, Layer } from '../../core/image.ts';
import type { Platform } from '../../core/platform.ts';
import type { ContentReader, ContentWriter } from '../../core/ports.ts';
import { formatReference, type Reference } from '../../core/reference.ts';
import { bytesOf, readAll } from '../../store/read.ts';
import { findManifest } from '../choose-manifest.ts';
import { type DescriptorReader, isDocumentType } from '../graph.ts';
import { CONFIG_LIMIT, checkConfigType, parseConfig } from '../image/config.ts';
import { completeHistory } from '../image/history.ts';
import { toLayers } from '../image/read-image.ts';
import { platformOfConfig } from '../named-image.ts';
import { type OnTransfer, observeTransfer } from '../transfer.ts';
import type { RemoteManifest } from './pull-manifest.ts';
import type { RegistryReader } from './reader.ts';

/** An image of a registry, its layers not yet fetched. `descriptor` is the manifest's. */
export interface RemoteImage extends Image {
  /** What the reference names: the digest of the index where there is one. */
  readonly resolved: Descriptor;
  /** The configuration's platform. It may differ from the one asked for where there is no index to choose from. */
  readonly platform: Platform;
}

export interface ResolveOptions {
  readonly platform: Platform;
  /** Gets the manifest, the configuration and the index. */
  readonly store: ContentWriter & ContentReader;
}

/** Finds the image of a reference for a platform. Its manifest and configuration then are in the store. */
export async function resolveImage(
  client: RegistryReader,
  reference: Reference,
  { platform, store }: ResolveOptions,
): Promise<RemoteImage> {
  const name = formatReference(reference);
  const read = async (descriptor?: Descriptor): Promise<RemoteManifest> => {
    const manifest = await client.manifest(reference, descriptor);
    await store.write(bytesOf(manifest.bytes), manifest.descriptor);
    return manifest;
  };
  const named = await read();
  const chosen = await findManifest(named, { platform, name, read });
  const { config: configDescriptor } = chosen.document;
  checkConfigType(configDescriptor, name);
  const config = parseConfig(
    await fetchConfig({ client, reference, store, name }, configDescriptor),
    `config of ${name}`,
  );
  return {
    descriptor: chosen.descriptor,
    configDescriptor,
    resolved: named.descriptor,
    platform: platformOfConfig(config),
    config: completeHistory(config),
    layers: toLayers(chosen.document, config, name),
  };
}

interface Fetch {
  readonly client: RegistryReader;
  readonly reference: Reference;
  readonly store: ContentWriter & ContentReader;
  readonly name: string;
}

async function fetchConfig({ client, reference, store, name }: Fetch, config: Descriptor): Promise<Uint8Array> {
  if (config.size > CONFIG_LIMIT) {
    throw new ContentError('CONTENT_BAD_CONFIG', `the config of ${name} has ${config.size} bytes`, {
      expected: CONFIG_LIMIT,
      found: config.size,
      hint: 'the image is damaged or hostile; choose another one',
    });
  }
  await store.write(client.blob(reference, config), config);
  return readAll(store, config);
}

export interface FetchOptions {
  readonly store: ContentWriter & Pick<ContentReader, 'has'>;
  readonly onTransfer?: OnTransfer | undefined;
}

/** Brings a layer into the store, verified; one that is there already costs nothing. Safe to call in parallel. */
export async function fetchLayer(
  client: Pick<RegistryReader, 'blob'>,
  reference: Reference,
  { layer, store, onTransfer }: FetchOptions & { readonly layer: Layer },
): Promise<void> {
  const { descriptor } = layer;
  if (await store.has(descriptor)) return;
  await store.write(observeTransfer(client.blob(reference, descriptor), descriptor, onTransfer), descriptor);
}

/** Everything of a repository by descriptor, manifests and blobs; each manifest is fetched once. */
export function remoteReader(client: RegistryReader, reference: Reference): DescriptorReader {
  const fetched = new Map<Digest, ReturnType<RegistryReader['manifest']>>();

  async function* manifestBytes(target: Descriptor): AsyncGenerator<Uint8Array, void> {
    const manifest = fetched.get(target.digest) ?? client.manifest(reference, target);
    fetched.set(target.digest, manifest);
    yield (await manifest).bytes;
  }

  return {
    read: (target) =>
      isDocumentType(target.mediaType)
        ? { [Symbol.asyncIterator]: () => manifestBytes(target) }
        : client.blob(reference, target),
  };
}
