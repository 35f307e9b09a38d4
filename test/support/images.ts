import { gzipSync, zstdCompressSync } from 'node:zlib';
import { toDiffId } from '../../src/core/digest.ts';
import type { Descriptor, Image, ImageConfig, Layer } from '../../src/core/image.ts';
import { type Compression, layerMediaType } from '../../src/core/media-types.ts';
import type { ContentReader, ContentWriter } from '../../src/core/ports.ts';
import { digestOf } from '../../src/io/hash.ts';
import { encodeTarHeader, TAR_RECORD, tarPadding } from '../../src/io/tar-header.ts';
import { contentGraph } from '../../src/oci/graph.ts';
import { assembleImage } from '../../src/oci/image/assemble.ts';
import { bytesOf, readAll } from '../../src/store/read.ts';
import type { TestRegistry } from './registry/server.ts';

export interface TarFile {
  readonly content: Uint8Array | string;
  readonly mode?: number;
}

/** A layer tar of regular files by path, and of directories (paths that end in a slash). */
export function makeTar(files: Readonly<Record<string, TarFile | string>>): Buffer {
  const parts = Object.entries(files).flatMap(([path, file]) => {
    const { content, mode } = typeof file === 'string' ? { content: file, mode: undefined } : file;
    const bytes = Buffer.from(content);
    const directory = path.endsWith('/');
    const header = encodeTarHeader({
      path: directory ? path.slice(0, -1) : path,
      type: directory ? 'directory' : 'file',
      mode: mode ?? (directory ? 0o755 : 0o644),
      uid: 0,
      gid: 0,
      mtime: 318211200,
      size: bytes.length,
    });
    return [header, bytes, Buffer.alloc(tarPadding(bytes.length))];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * TAR_RECORD)]);
}

export async function makeLayer(
  store: ContentWriter,
  tar: Uint8Array,
  compression: Compression = 'gzip',
): Promise<Layer> {
  const bytes = { none: () => tar, gzip: () => gzipSync(tar), zstd: () => zstdCompressSync(tar) }[compression]();
  const written = await store.write(bytesOf(bytes));
  return { descriptor: { mediaType: layerMediaType(compression), ...written }, diffId: toDiffId(digestOf(tar)) };
}

export interface TestImageOptions {
  readonly layers?: readonly Layer[];
  readonly config?: Partial<ImageConfig>;
}

/** An image made with production code; by default of one gzip layer with one file. */
export async function makeImage(store: ContentWriter, options: TestImageOptions = {}): Promise<Image> {
  const layers = options.layers ?? [await makeLayer(store, makeTar({ 'hello.txt': 'hello\n' }))];
  const config: ImageConfig = {
    created: '1980-02-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
    history: layers.map((_, at) => ({ created_by: `layer ${at}` })),
    ...options.config,
  };
  return assembleImage({ config, layers, store });
}

/** Puts an image, as it is in the store, into a test registry; gives its reference. */
export async function publish(
  registry: TestRegistry,
  name: string,
  image: { readonly descriptor: Descriptor; readonly reader: ContentReader },
): Promise<string> {
  const [repository = '', tag = 'latest'] = name.split(':');
  for (const descriptor of await contentGraph(image.reader, image.descriptor)) {
    registry.putBlob(repository, await readAll(image.reader, descriptor));
  }
  const bytes = await readAll(image.reader, image.descriptor);
  registry.putManifest(repository, tag, image.descriptor.mediaType, bytes);
  return `${registry.host}/${repository}:${tag}`;
}
