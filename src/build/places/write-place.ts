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
import { type OnTransfer, observeTransfer } from '../../oci/transfer.ts';
import { readAll } from '../../store/read.ts';
import { type ChosenImage, isIndex } from './choose-platforms.ts';
import { engineOf } from './engines.ts';
import type { PlaceTools } from './open-place.ts';
import { formatPlace, type Place } from './place.ts';

export interface WriteRequest {
  readonly image: ChosenImage;
  readonly to: Place;
  /** Names that go along where the place has none of its own. */
  readonly names: readonly string[];
  /** For places that hold one platform only. */
  readonly host: Platform;
  /** Repository of the target's registry that has the layers already. */
  readonly mountFrom?: string | undefined;
  readonly onTransfer: OnTransfer;
}

/** Writes an image to a place: the blobs that it lacks, then the manifests. */
export async function writePlace(request: WriteRequest, tools: PlaceTools): Promise<Descriptor> {
  const { image, to, onTransfer, mountFrom } = request;
  const { descriptor, reader } = image;
  switch (to.kind) {
    case 'registry':
      return await pushImage(tools.registry(), to.reference, { image, reader, mountFrom, onTransfer });
    case 'store':
      await copyContent(image, tools.store, onTransfer);
      await tools.names.set([to.name], withoutAnnotations(descriptor));
      return descriptor;
    case 'layout': {
      const { dir, tag } = to.address;
      const entry = await nameImage(image, tag === undefined ? request.names : []);
      const tagged = tag === undefined ? entry : withRefName(entry, tag);
      await addToLayout(resolve(dir), tagged, observedReader(reader, onTransfer));
      return descriptor;
    }
    case 'oci-archive':
      await writeOciArchive(resolve(to.file), [await nameImage(image, namesFor(request))], reader);
      return descriptor;
    case 'docker-archive': {
      const one = await onePlatform(request);
      await writeDockerArchive(resolve(to.file), [await nameImage(one, namesFor(request))], one.reader);
      return one.descriptor;
    }
    case 'engine': {
      const one = await onePlatform(request);
      const archive = ociArchive([await nameImage(one, [to.name])], one.reader);
      await engineOf(to.engine, tools.signal).load(archive);
      return one.descriptor;
    }
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

function observedReader(reader: ChosenImage['reader'], onTransfer: OnTransfer): ChosenImage['reader'] {
  return { ...reader, read: (target) => observeTransfer(reader.read(target), target, onTransfer) };
}

const TRANSFERS = 6;

/** Brings everything that an image needs into a store; manifests last. */
async function copyContent(image: ChosenImage, store: ContentStore, onTransfer: OnTransfer): Promise<void> {
  const graph = await contentGraph(image.reader, image.descriptor);
  const limit = createLimit(TRANSFERS);
  const copy = async (descriptor: Descriptor): Promise<void> => {
    if (await store.has(descriptor)) return;
    await store.write(observeTransfer(image.reader.read(descriptor), descriptor, onTransfer), descriptor);
  };
  const blobs = graph.filter(({ mediaType }) => !isDocumentType(mediaType));
  await allAtRest(blobs.map((descriptor) => limit.run(() => copy(descriptor))));
  for (const document of graph.filter(({ mediaType }) => isDocumentType(mediaType))) await copy(document);
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
