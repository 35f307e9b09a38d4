import type { Descriptor, Image, ImageConfig, Layer } from '../../core/image.ts';
import { MediaType } from '../../core/media-types.ts';
import type { ContentWriter } from '../../core/ports.ts';
import { bytesOf } from '../../store/read.ts';
import { formatConfig } from './config.ts';
import { formatManifest } from './manifest.ts';

export interface AssembleRequest {
  /** Its diff IDs are replaced by those of `layers`. */
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly store: ContentWriter;
}

/** Writes the configuration and the manifest of an OCI image. Equal values give equal bytes, so equal digests. */
export async function assembleImage({ config, layers, annotations, store }: AssembleRequest): Promise<Image> {
  const diffIds = layers.map((layer) => layer.diffId);
  const complete: ImageConfig = { ...config, rootfs: { type: 'layers', diff_ids: diffIds } };
  const configDescriptor = await writeBlob(store, MediaType.ociConfig, formatConfig(complete));
  const manifest = { config: configDescriptor, layers: layers.map((layer) => layer.descriptor), annotations };
  const descriptor = await writeBlob(store, MediaType.ociManifest, formatManifest(manifest));
  return { descriptor, configDescriptor, config: complete, layers };
}

async function writeBlob(store: ContentWriter, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  const { digest, size } = await store.write(bytesOf(bytes));
  return { mediaType, digest, size };
}
