import { createReadStream } from 'node:fs';
import type { BlobRepositories } from '../../cache/blob-repositories.ts';
import { ContentError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import type { BlobPaths } from '../../core/ports.ts';
import type { Reference } from '../../core/reference.ts';
import { toHostError } from '../../io/host-error.ts';
import { importArchive } from '../../oci/archive/import-archive.ts';
import { type DescriptorReader, isDocumentType } from '../../oci/graph.ts';
import { readLayout } from '../../oci/layout/read-layout.ts';
import { selectManifests } from '../../oci/layout/select-manifests.ts';
import { Annotation } from '../../oci/named-image.ts';
import type { RegistryClient } from '../../oci/registry/client.ts';
import { remoteReader } from '../../oci/registry/source.ts';
import type { BlobStore } from '../../store/blob-store.ts';
import type { ImageNames } from '../names.ts';
import { engineOf } from './engines.ts';
import { formatPlace, type Place } from './place.ts';

/** What a place is read with and written with. */
export interface PlaceTools {
  readonly store: BlobStore;
  readonly names: ImageNames;
  readonly registry: () => RegistryClient;
  readonly repositories: BlobRepositories;
  /** A store in the workspace: what archives hold lies there for a while. */
  readonly scratch: () => BlobStore;
  readonly signal: AbortSignal;
}

/** What stands in a place: one manifest or index, or several manifests to choose from by platform. */
export interface OpenedPlace {
  readonly candidates: readonly Descriptor[];
  readonly reader: DescriptorReader & Partial<BlobPaths>;
}

/** @throws ContentError `CONTENT_IMAGE_NOT_FOUND` and others of a damaged image; RegistryError; HostError */
export async function openPlace(place: Place, tools: PlaceTools): Promise<OpenedPlace> {
  switch (place.kind) {
    case 'registry': {
      const client = tools.registry();
      const reader = noting(remoteReader(client, place.reference), place.reference, tools.repositories);
      return { candidates: [await client.resolve(place.reference)], reader };
    }
    case 'store': {
      const found = tools.names.find(place.name);
      if (found === undefined)
        throw noImage(
          place,
          tools.names.list().map(({ name }) => name),
        );
      return { candidates: [found], reader: tools.store };
    }
    case 'layout': {
      const layout = await readLayout(place.address.dir);
      return { candidates: selectManifests(layout, place.address), reader: layout.reader };
    }
    case 'engine':
      return await openEngine(place, tools);
    default:
      return await openArchive(place, tools, createReadStream(place.file, { highWaterMark: 1 << 20 }));
  }
}

/** What was read from a repository is in it. */
function noting(reader: DescriptorReader, repository: Reference, repositories: BlobRepositories): DescriptorReader {
  return {
    read(target) {
      if (!isDocumentType(target.mediaType)) repositories.add(target.digest, repository);
      return reader.read(target);
    },
  };
}

async function openEngine(place: Extract<Place, { kind: 'engine' }>, tools: PlaceTools): Promise<OpenedPlace> {
  let opened: OpenedPlace | undefined;
  await engineOf(place.engine, tools.signal).save(place.name, async (archive) => {
    // The engine gave the one image that was asked for, by whatever names it has.
    opened = await openArchive({ kind: 'docker-archive', file: formatPlace(place) }, tools, archive);
  });
  if (opened === undefined) throw noImage(place, []);
  return opened;
}

type Archive = Extract<Place, { file: string }>;

async function openArchive(place: Archive, tools: PlaceTools, bytes: AsyncIterable<Uint8Array>): Promise<OpenedPlace> {
  const store = tools.scratch();
  const manifests = await importArchive(failing(bytes, place.file), { store, name: place.file });
  const { name } = place;
  const named = name === undefined ? manifests : manifests.filter((manifest) => hasName(manifest, name));
  const candidates = [...new Map(named.map((manifest) => [manifest.digest, manifest])).values()];
  if (candidates.length === 0) throw noImage(place, manifests.map(nameOf));
  return { candidates, reader: store };
}

async function* failing(bytes: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* bytes;
  } catch (error) {
    throw toHostError(error, 'read', file);
  }
}

function nameOf({ annotations, digest }: Descriptor): string {
  return annotations?.[Annotation.imageName] ?? annotations?.[Annotation.refName] ?? digest;
}

function hasName({ annotations }: Descriptor, name: string): boolean {
  return annotations?.[Annotation.imageName] === name || annotations?.[Annotation.refName] === name.split(':').at(-1);
}

function noImage(place: Place, existing: readonly string[]): ContentError {
  const name = formatPlace(place);
  const list = [...new Set(existing)].join(', ');
  return new ContentError('CONTENT_IMAGE_NOT_FOUND', `there is no image ${name}`, {
    expected: name,
    found: list || 'no image',
    hint:
      list === ''
        ? `${place.kind === 'store' ? 'the local store' : name} has no image with a name`
        : `there is: ${list}`,
  });
}
