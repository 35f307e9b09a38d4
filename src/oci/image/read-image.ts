import { ContentError } from '../../core/errors.ts';
import type { Descriptor, Image, ImageConfig, Layer } from '../../core/image.ts';
import { compressionOf, layerMediaType } from '../../core/media-types.ts';
import type { ContentReader } from '../../core/ports.ts';
import { readAll } from '../../store/read.ts';
import { checkConfigType, parseConfig } from './config.ts';
import { completeHistory } from './history.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/**
 * Reads an image from its manifest's descriptor. Layers carry OCI media types, whatever the manifest calls them (the
 * bytes are the same), and the history is complete.
 * @throws ContentError when something is missing, damaged, or no image
 */
export async function readImage(reader: ContentReader, descriptor: Descriptor): Promise<Image> {
  const manifest = await readManifest(reader, descriptor);
  checkConfigType(manifest.config, descriptor.digest);
  const config = parseConfig(await readAll(reader, manifest.config), `config ${manifest.config.digest}`);
  return {
    descriptor,
    configDescriptor: manifest.config,
    config: completeHistory(config),
    layers: toLayers(manifest, config, descriptor.digest),
  };
}

export async function readManifest(reader: ContentReader, descriptor: Descriptor): Promise<Manifest> {
  const name = `manifest ${descriptor.digest}`;
  const document = parseManifest(await readAll(reader, descriptor), name, descriptor.mediaType);
  if (document.kind === 'manifest') return document;
  throw new ContentError('CONTENT_BAD_MANIFEST', `${descriptor.digest} is an index, not the manifest of one image`, {
    found: document.mediaType,
    hint: 'choose the manifest of one platform from the index',
  });
}

/** Pairs the layers of a manifest with the diff IDs of its configuration. */
export function toLayers(manifest: Manifest, config: ImageConfig, name: string): Layer[] {
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw new ContentError(
      'CONTENT_BAD_CONFIG',
      `${name} has ${manifest.layers.length} layers but ${diffIds.length} diff IDs`,
      {
        expected: manifest.layers.length,
        found: diffIds.length,
        hint: 'the image is damaged; pull or build it again',
      },
    );
  }
  return diffIds.flatMap((diffId, at) => {
    const layer = manifest.layers[at];
    return layer === undefined ? [] : [{ descriptor: toOciLayer(layer, name), diffId }];
  });
}

function toOciLayer(layer: Descriptor, name: string): Descriptor {
  const compression = compressionOf(layer.mediaType);
  if (compression === undefined) {
    throw new ContentError('CONTENT_UNSUPPORTED_LAYER', `${name} has a layer of type "${layer.mediaType}"`, {
      found: layer.mediaType,
      hint: 'lamella reads plain, gzip and zstd tar layers; foreign and encrypted layers are not supported',
    });
  }
  const { digest, size, annotations } = layer;
  return { mediaType: layerMediaType(compression), digest, size, ...(annotations && { annotations }) };
}
