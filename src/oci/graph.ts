import type { Descriptor } from '../core/image.ts';
import type { Bytes } from '../core/ports.ts';
import { readAll } from '../store/read.ts';
import { type ImageIndex, isIndexType, isManifestType, type Manifest, parseManifest } from './image/manifest.ts';

/** Reads content by its whole descriptor: a registry keeps manifests elsewhere than blobs. Every content reader is one. */
export interface DescriptorReader {
  read(target: Descriptor): Bytes;
}

/** A manifest or an index with its bytes. */
export interface StoredDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly document: Manifest | ImageIndex;
}

export function isDocumentType(mediaType: string): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

export async function readDocument(reader: DescriptorReader, descriptor: Descriptor): Promise<StoredDocument> {
  const bytes = await readAll(reader, descriptor);
  return { descriptor, bytes, document: parseManifest(bytes, `manifest ${descriptor.digest}`, descriptor.mediaType) };
}

/**
 * All content below an index or a manifest, each digest once, what is pointed to before what points to it: in this order
 * content can be written without ever leaving something incomplete. The root is the last.
 */
export async function contentGraph(reader: DescriptorReader, root: Descriptor): Promise<Descriptor[]> {
  const graph = new Map<string, Descriptor>();
  await visit(reader, root, graph);
  return [...graph.values()];
}

async function visit(reader: DescriptorReader, at: Descriptor, graph: Map<string, Descriptor>): Promise<void> {
  if (graph.has(at.digest)) return;
  if (isDocumentType(at.mediaType)) {
    const { document } = await readDocument(reader, at);
    const below = document.kind === 'index' ? document.manifests : [...document.layers, document.config];
    for (const descriptor of below) await visit(reader, descriptor, graph);
  }
  graph.set(at.digest, at);
}
