import { toDigest } from '../../core/digest.ts';
import { ContentError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { layerMediaType, MediaType } from '../../core/media-types.ts';
import { joinPath, parentPath, treePath } from '../../core/paths.ts';
import type { Bytes, ContentReader, ContentWriter, Written } from '../../core/ports.ts';
import { sniffCompression } from '../../io/decompress.ts';
import { tarEntries } from '../../io/tar-entries.ts';
import { bytesOf, readAll } from '../../store/read.ts';
import { isObject, parseJsonObject } from '../image/json.ts';
import { formatManifest, parseManifest } from '../image/manifest.ts';
import { BLOBS, INDEX_FILE } from '../layout/layout-files.ts';
import { Annotation } from '../named-image.ts';

/** The members of an archive, now in a store. */
interface Members {
  readonly files: ReadonlyMap<string, Written>;
  readonly store: ContentReader & ContentWriter;
  /** For messages. */
  readonly name: string;
}

export interface ImportOptions {
  /** Gets every member of the archive. */
  readonly store: ContentReader & ContentWriter;
  /** Of the archive, for messages. */
  readonly name: string;
}

/**
 * Reads an uncompressed archive, an OCI layout or what `docker save` writes, into a store; gives what its index names.
 * Blobs of a layout are verified against their names. Docker's archives carry no manifests: they get the one that their
 * configuration and layers make.
 * @throws ContentError `CONTENT_NOT_AN_ARCHIVE` and those of a damaged image; LayerError for a damaged tar
 */
export async function importArchive(archive: Bytes, { store, name }: ImportOptions): Promise<readonly Descriptor[]> {
  const members: Members = { files: await importMembers(archive, store), store, name };
  if (members.files.has(INDEX_FILE)) {
    const index = parseManifest(await readMember(members, INDEX_FILE), `${INDEX_FILE} of ${name}`, MediaType.ociIndex);
    return index.kind === 'index' ? index.manifests : [];
  }
  if (members.files.has(DOCKER_FILE)) return await importDocker(members);
  throw notAnArchive(name);
}

const DOCKER_FILE = 'manifest.json';

async function importMembers(archive: Bytes, store: ContentWriter): Promise<Map<string, Written>> {
  const files = new Map<string, Written>();
  const links: (readonly [string, string])[] = [];
  for await (const { header, content } of tarEntries(archive)) {
    const path = treePath(header.path);
    if (header.type === 'file') files.set(path, await store.write(content, expectedOf(path)));
    // Old versions of docker store an equal layer once, and links to it.
    if (header.type === 'symlink' && header.link) links.push([path, treePath(joinPath(parentPath(path), header.link))]);
    if (header.type === 'hardlink' && header.link) links.push([path, treePath(header.link)]);
  }
  for (const [path, target] of links) {
    const written = files.get(target);
    if (written !== undefined) files.set(path, written);
  }
  return files;
}

function expectedOf(path: string): Partial<Written> {
  const hex = path.startsWith(`${BLOBS}/`) ? path.slice(BLOBS.length + 1) : '';
  return /^[0-9a-f]{64}$/.test(hex) ? { digest: toDigest(hex) } : {};
}

async function importDocker(members: Members): Promise<Descriptor[]> {
  const entries = parseEntries(await readMember(members, DOCKER_FILE), members.name);
  const manifests: Descriptor[] = [];
  for (const { Config, RepoTags, Layers } of entries) {
    const config = { mediaType: MediaType.ociConfig, ...memberOf(members, Config) };
    const layers: Descriptor[] = [];
    for (const layer of Layers) layers.push(await toLayer(members, memberOf(members, layer)));
    const written = await members.store.write(bytesOf(formatManifest({ config, layers })));
    const manifest = { mediaType: MediaType.ociManifest, ...written };
    manifests.push(...named(manifest, RepoTags));
  }
  return manifests;
}

function named(manifest: Descriptor, tags: readonly string[]): Descriptor[] {
  if (tags.length === 0) return [manifest];
  return tags.map((tag) => ({ ...manifest, annotations: { [Annotation.imageName]: tag } }));
}

interface DockerEntry {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

function parseEntries(bytes: Uint8Array, name: string): DockerEntry[] {
  const wrapped = Buffer.concat([Buffer.from('{"entries":'), bytes, Buffer.from('}')]);
  const { entries } = parseJsonObject(wrapped, `${DOCKER_FILE} of ${name}`);
  if (!Array.isArray(entries)) throw notAnArchive(name);
  return entries.map((entry: unknown) => {
    if (!isObject(entry) || typeof entry.Config !== 'string') throw notAnArchive(name);
    return { Config: entry.Config, RepoTags: textsOf(entry.RepoTags), Layers: textsOf(entry.Layers) };
  });
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function memberOf({ files, name }: Members, path: string): Written {
  const found = files.get(path);
  if (found !== undefined) return found;
  throw new ContentError('CONTENT_NOT_FOUND', `${name} has no ${path}`, {
    expected: path,
    hint: 'the archive is damaged or was cut short: save it again',
  });
}

async function toLayer({ store }: Members, layer: Written): Promise<Descriptor> {
  for await (const chunk of store.read(layer)) return { mediaType: layerTypeOf(chunk), ...layer };
  return { mediaType: MediaType.ociLayer, ...layer };
}

function layerTypeOf(start: Uint8Array): string {
  const format = sniffCompression(start);
  return layerMediaType(format === 'gzip' || format === 'zstd' ? format : 'none');
}

async function readMember({ files, store, name }: Members, path: string): Promise<Buffer> {
  const written = files.get(path);
  if (written === undefined) throw notAnArchive(name);
  return await readAll(store, written);
}

function notAnArchive(name: string): ContentError {
  return new ContentError(
    'CONTENT_NOT_AN_ARCHIVE',
    `${name} holds no image: it has no ${INDEX_FILE} or ${DOCKER_FILE}`,
    {
      hint: 'give what "lamella build -o type=oci" or "docker save" writes, not compressed',
    },
  );
}
