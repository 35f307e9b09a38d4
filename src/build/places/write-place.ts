import { resolve } from 'node:path';
import type { Descriptor, ImageConfig } from '../../core/image.ts';
import type { Platform } from '../../core/platform.ts';
import type { ContentStore } from '../../core/ports.ts';
import { formatReference } from '../../core/reference.ts';
import { allAtRest } from '../../io/at-rest.ts';
import { createLimit } from '../../io/limit.ts';
import { writeDockerArchive } from '../../oci/archive/docker-archive.ts';
import { ociArchive, writeOciArchive } from '../../oci/archive/oci-archive.ts';
import { findManifest } from '../../oci/choose-manifest.ts';
import { contentGraph, type DescriptorReader, isDocumentType, readDocument } from '../../oci/graph.ts';
import { parseConfig } from '../../oci/image/config.ts';
import { addToLayout } from '../../oci/layout/write-layout.ts';
import type { NamedImage } from '../../oci/named-image.ts';
import { pushImage } from '../../oci/push.ts';
import { announceTransfers, type OnTransfer, observeTransfer, wasThere } from '../../oci/transfer.ts';
import { readAll } from '../../store/read.ts';
import { type ChosenImage, isIndex } from './choose-platforms.ts';
import { engineOf } from './engines.ts';
import { mountable } from './mountable.ts';
import type { PlaceTools } from './open-place.ts';
import { formatPlace, type Place } from './place.ts';

export interface WriteRequest {
  readonly image: ChosenImage;
  readonly to: Place;
  /** Names that go along where the place has none of its own. */
  readonly names: readonly string[];
  /** For places that hold one platform only. */
  readonly host: Platform;
  /** Repository of the target's registry that has the blobs already. */
  readonly mountFrom?: string | undefined;
  readonly onTransfer: OnTransfer;
}

/** Writes an image to a place: the blobs that it lacks, then the manifests. */
export async function writePlace(request: WriteRequest, tools: PlaceTools): Promise<Descriptor> {
  const { image, to, onTransfer } = request;
  const { descriptor, reader } = image;
  switch (to.kind) {
    case 'registry':
      return await pushImage(tools.registry(), to.reference, {
        image,
        reader,
        onTransfer,
        ...mountable(tools.repositories, to.reference, request.mountFrom),
      });
    case 'store':
      await copyContent(image, tools.store, onTransfer);
      await tools.names.set([to.name], withoutAnnotations(descriptor));
      return descriptor;
    case 'layout': {
      const { dir, tag } = to.address;
      const entry = await nameImage(image, tag === undefined ? request.names : []);
      const tagged = tag === undefined ? entry : withRefName(entry, tag);
      await telling(image, onTransfer, (observed) => addToLayout(resolve(dir), tagged, observed, tools.signal));
      return descriptor;
    }
    case 'oci-archive':
      return await writeArchive(image, request, (named, observed) =>
        writeOciArchive(resolve(to.file), [named], observed),
      );
    case 'docker-archive':
      return await writeArchive(await onePlatform(request), request, (named, observed) =>
        writeDockerArchive(resolve(to.file), [named], observed),
      );
    case 'engine':
      return await writeArchive(await onePlatform(request), request, (named, observed) =>
        engineOf(to.engine, tools.signal).load(ociArchive([named], observed)),
      );
  }
}

function namesFor({ to, names }: WriteRequest): readonly string[] {
  return 'name' in to && to.name !== undefined ? [to.name] : names;
}

function withoutAnnotations({ mediaType, digest, size, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(platform !== undefined && { platform }) };
}

/** Engines and docker's archives hold images, not indexes. */
async function onePlatform({ image, host, to }: WriteRequest): Promise<ChosenImage> {
  if (!isIndex(image.descriptor)) return image;
  const read = (descriptor: Descriptor) => readDocument(image.reader, descriptor);
  const request = { platform: host, name: formatPlace(to), read };
  const { descriptor } = await findManifest(await read(image.descriptor), request);
  return { descriptor, reader: image.reader };
}

async function nameImage({ descriptor, reader }: ChosenImage, names: readonly string[]): Promise<NamedImage> {
  const { document } = await readDocument(reader, descriptor);
  const plain = withoutAnnotations(descriptor);
  if (document.kind === 'index') return { image: { descriptor: plain }, names };
  const config = await readConfig(reader, document.config);
  return { image: { descriptor: plain, ...(config !== undefined && { config }) }, names };
}

/** Other artifacts have configurations of their own, which say nothing about a platform. */
async function readConfig(reader: DescriptorReader, descriptor: Descriptor): Promise<ImageConfig | undefined> {
  if (!/image/.test(descriptor.mediaType)) return undefined;
  return parseConfig(await readAll(reader, descriptor), `config ${descriptor.digest}`);
}

function withRefName({ image, names }: NamedImage, tag: string): NamedImage {
  const annotations = { ...image.descriptor.annotations, 'org.opencontainers.image.ref.name': tag };
  return { image: { ...image, descriptor: { ...image.descriptor, annotations } }, names };
}

async function writeArchive(
  image: ChosenImage,
  request: WriteRequest,
  write: (named: NamedImage, reader: ChosenImage['reader']) => Promise<void>,
): Promise<Descriptor> {
  const named = await nameImage(image, namesFor(request));
  await telling(image, request.onTransfer, (observed) => write(named, observed));
  return image.descriptor;
}

/** Tells of the blobs that `write` reads; the others were there, or could be linked. */
async function telling(
  { descriptor, reader }: ChosenImage,
  onTransfer: OnTransfer,
  write: (observed: ChosenImage['reader']) => Promise<void>,
): Promise<void> {
  const blobs = new Map((await blobsOf(reader, descriptor)).map((blob) => [blob.digest, blob]));
  announceTransfers([...blobs.values()], onTransfer);
  const read: DescriptorReader['read'] = (target) => {
    const isBlob = blobs.delete(target.digest);
    return isBlob ? observeTransfer(reader.read(target), target, onTransfer) : reader.read(target);
  };
  await write({ ...reader, read });
  for (const blob of blobs.values()) wasThere(blob, onTransfer);
}

const TRANSFERS = 6;

/** Brings everything that an image needs into a store; manifests last. */
async function copyContent(
  { reader, descriptor: root }: ChosenImage,
  store: ContentStore,
  onTransfer: OnTransfer,
): Promise<void> {
  const limit = createLimit(TRANSFERS);
  const copy = async (blob: Descriptor): Promise<void> => {
    if (await store.has(blob)) return wasThere(blob, onTransfer);
    await store.write(observeTransfer(reader.read(blob), blob, onTransfer), blob);
  };
  const blobs = await blobsOf(reader, root);
  announceTransfers(blobs, onTransfer);
  await allAtRest(blobs.map((blob) => limit.run(() => copy(blob))));
  for (const document of await contentGraph(reader, root)) {
    if (isDocumentType(document.mediaType)) await store.write(reader.read(document), document);
  }
}

/** Configurations and layers. */
async function blobsOf(reader: DescriptorReader, root: Descriptor): Promise<Descriptor[]> {
  return (await contentGraph(reader, root)).filter(({ mediaType }) => !isDocumentType(mediaType));
}

/** The repository that a blob can be mounted from, when both places are in one registry. */
export function mountSource(from: Place, to: Place): string | undefined {
  if (from.kind !== 'registry' || to.kind !== 'registry') return undefined;
  const same = from.reference.registry === to.reference.registry;
  return same && from.reference.repository !== to.reference.repository ? from.reference.repository : undefined;
}

export function nameOfPlace(place: Place): string | undefined {
  switch (place.kind) {
    case 'registry': {
      const { digest: _, ...named } = place.reference;
      return named.tag === undefined ? undefined : formatReference(named);
    }
    case 'store':
    case 'engine':
      return place.name;
    default:
      return undefined;
  }
}
