import { chmodSync, createReadStream } from 'node:fs';
import { type Digest, hexOf } from '../core/digest.ts';
import { ContentError } from '../core/errors.ts';
import { decompress } from '../io/decompress.ts';
import { counted, DigestCounter } from '../io/hash.ts';
import { unpackLayer } from '../layers/unpack.ts';
import type { HostFlavor, LayerToUnpack } from '../rootfs/host-messages.ts';
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
export async function unpackInto(
  root: string,
  layer: LayerToUnpack,
  { flavor, whiteouts, signal }: UnpackSettings,
): Promise<void> {
  const { compression, implied, limits } = layer;
  const blob = createReadStream(layer.blobPath, { highWaterMark: 1 << 20 });
  const counter = new DigestCounter();
  chmodSync(root, 0o755);
  await unpackLayer({
    uncompressed: counted(decompress(blob, { format: compression }), counter),
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
  });
  checkDiffId(layer, counter.finish().digest);
}

function checkDiffId({ diffId, digest }: LayerToUnpack, found: Digest): void {
  if (hexOf(found) === hexOf(diffId)) return;
  throw new ContentError('CONTENT_DIFF_ID_MISMATCH', `layer ${digest} is not what its image says`, {
    expected: diffId,
    found,
    hint: 'the blob in the cache is damaged: remove the cache folder and build again',
  });
}
