import { chmodSync, createReadStream } from 'node:fs';
import { type Digest, hexOf } from '../core/digest.ts';
import { ContentError } from '../core/errors.ts';
import type { Written } from '../core/ports.ts';
import type { Toc } from '../core/toc.ts';
import { decompress } from '../io/decompress.ts';
import { counted, DigestCounter } from '../io/hash.ts';
import type { TarHandler } from '../io/tar-reader.ts';
import { createTocReading } from '../layers/toc.ts';
import { unpackLayer } from '../layers/unpack.ts';
import type { ArrivingLayer, HostFlavor, LayerToUnpack } from '../rootfs/host-messages.ts';
import { type Arrivals, readArriving } from './arrivals.ts';
import { makeNode, markOpaque, writeCapability } from './attributes.ts';
import type { WhiteoutForm } from './whiteout-files.ts';

export interface UnpackSettings {
  readonly flavor: HostFlavor;
  readonly whiteouts: WhiteoutForm;
  readonly signal: AbortSignal;
}

/**
 * Unpacks a layer into an empty directory, with whiteouts in the form that is asked for.
 * @throws ContentError `CONTENT_DIFF_ID_MISMATCH`; what unpackLayer throws. The directory is not to be used then.
 */
export async function unpackInto(root: string, layer: LayerToUnpack, settings: UnpackSettings): Promise<void> {
  await unpackBlob({ root, layer, blob: createReadStream(layer.blobPath, { highWaterMark: 1 << 20 }) }, settings);
}

export interface UnpackedAhead {
  readonly toc: Toc;
  /** Directories that no entry describes: they look as if nothing were below the layer. */
  readonly implied: readonly string[];
}

/** {@link unpackInto} for a layer that is still being fetched, with its table of contents in the same pass. */
export async function unpackArriving(
  root: string,
  { layer, arrivals }: { readonly layer: ArrivingLayer; readonly arrivals: Arrivals },
  settings: UnpackSettings,
): Promise<UnpackedAhead> {
  const reading = createTocReading(layer.limits);
  const blob = readArriving(layer, arrivals);
  const { tar, implied } = await unpackBlob({ root, layer, blob, alongside: reading.handler }, settings);
  return { toc: reading.finish(tar), implied };
}

interface BlobToUnpack {
  readonly root: string;
  readonly layer: Omit<LayerToUnpack, 'id' | 'blobPath'>;
  readonly blob: AsyncIterable<Uint8Array>;
  readonly alongside?: TarHandler;
}

interface UnpackedBlob {
  /** The archive without its compression. */
  readonly tar: Written;
  readonly implied: readonly string[];
}

async function unpackBlob(
  { root, layer, blob, alongside }: BlobToUnpack,
  { flavor, whiteouts, signal }: UnpackSettings,
): Promise<UnpackedBlob> {
  const { compression, implied, limits } = layer;
  const counter = new DigestCounter();
  chmodSync(root, 0o755);
  const result = await unpackLayer({
    uncompressed: counted(decompress(blob, { format: compression, maxBytes: limits?.bytes }), counter),
    root,
    signal,
    ...(layer.rename !== undefined && { rename: new Map(Object.entries(layer.rename)) }),
    ...(limits !== undefined && { limits }),
    whiteouts,
    opaque: (path) => markOpaque(path, flavor),
    mknod: makeNode,
    setCapability: writeCapability,
    ownership: flavor === 'single-id' ? 'ignore' : 'keep',
    ...(implied !== undefined && { impliedDirectory: (path: string) => implied[path] }),
    alongside,
  });
  const tar = counter.finish();
  checkDiffId(layer, tar.digest);
  return { tar, implied: result.implied };
}

function checkDiffId({ diffId, digest }: BlobToUnpack['layer'], found: Digest): void {
  if (hexOf(found) === hexOf(diffId)) return;
  throw new ContentError('CONTENT_DIFF_ID_MISMATCH', `layer ${digest} is not what its image says`, {
    expected: diffId,
    found,
    hint: 'the blob in the cache is damaged: remove the cache folder and build again',
  });
}
