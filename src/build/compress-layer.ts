import { type DiffId, toDiffId } from '../core/digest.ts';
import { ContentError } from '../core/errors.ts';
import type { Layer } from '../core/image.ts';
import { type Compression, layerMediaType } from '../core/media-types.ts';
import type { ContentWriter } from '../core/ports.ts';
import type { Toc } from '../core/toc.ts';
import { BlockPool, cutBlocks, toBlocks } from '../io/blocks.ts';
import { counted, DigestCounter } from '../io/hash.ts';
import { compressBlocks } from '../layers/compress.ts';
import { blockLengths } from '../layers/cut-entries.ts';

export interface CompressRequest {
  readonly diffId: DiffId;
  /** The layer's tar. */
  readonly uncompressed: AsyncIterable<Uint8Array>;
  readonly compression: Compression;
  /** Default: 6 for gzip, 3 for zstd. */
  readonly level?: number | undefined;
  readonly store: ContentWriter;
  /** Its table of contents: by it a stream is cut into the blocks that `packLayer` makes. */
  readonly toc: Toc;
}

/**
 * Writes a layer that is there already as another blob, the one that `packLayer` would have written.
 * @throws ContentError `CONTENT_DIFF_ID_MISMATCH` when the tar is not that layer's; what the store throws
 */
export async function compressLayer(request: CompressRequest): Promise<Layer> {
  const { diffId, uncompressed, compression, level, store, toc } = request;
  const counter = new DigestCounter();
  const pool = new BlockPool();
  const blocks = checked(cutBlocks(counted(uncompressed, counter), pool, blockLengths(toc)), counter, diffId);
  const written = await store.write(compressBlocks(toBlocks(blocks), { compression, level, pool }));
  return { descriptor: { mediaType: layerMediaType(compression), ...written }, diffId };
}

/** Ends with an error, and so before the store takes the blob, when the tar is another one. */
async function* checked(
  blocks: AsyncIterable<Buffer>,
  counter: DigestCounter,
  diffId: DiffId,
): AsyncGenerator<Buffer, void> {
  yield* blocks;
  const found = toDiffId(counter.finish().digest);
  if (found !== diffId) throw wrongDiffId(diffId, found);
}

export function wrongDiffId(expected: DiffId, found: DiffId): ContentError {
  return new ContentError('CONTENT_DIFF_ID_MISMATCH', `the layer ${expected} is not what its image says`, {
    expected,
    found,
    hint: 'the uncompressed layer has another digest than the image configuration lists: the image is damaged',
  });
}
