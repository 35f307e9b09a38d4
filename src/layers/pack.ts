import { setImmediate } from 'node:timers/promises';
import type { IndexedLayer } from '../core/image.ts';
import { type Compression, layerMediaType } from '../core/media-types.ts';
import type { ContentWriter } from '../core/ports.ts';
import type { PackEntry, WhiteoutEntry } from '../core/toc.ts';
import { BlockPool } from '../io/blocks.ts';
import { compressBlocks } from './compress.ts';
import type { ReadLayerContent } from './packed-content.ts';
import { TarBlocks, type TimePolicy } from './tar-blocks.ts';

export interface PackOptions {
  readonly times: TimePolicy;
  readonly compression: Compression;
  /** Default: 6 for gzip, 3 for zstd. */
  readonly level?: number | undefined;
  /** Needed where a source is in another layer. */
  readonly readLayerContent?: ReadLayerContent | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Blocks (of 256 KiB) after which other work of the process gets its turn. */
const BLOCKS_PER_TURN = 8;

/**
 * Packs entries into a layer in one pass: reads each content once, hashes, compresses and stores. Entries come as a layer
 * has them: sorted, parents first, hard links after their target. Memory does not grow with the layer, but for its table
 * of contents.
 * @throws LayerError `LAYER_FILE_CHANGED`, `LAYER_FILE_UNREADABLE`; what the store throws
 */
export async function packLayer(
  entries: Iterable<PackEntry | WhiteoutEntry>,
  store: ContentWriter,
  options: PackOptions,
): Promise<IndexedLayer> {
  const { times, compression, level, readLayerContent, signal } = options;
  const pool = new BlockPool();
  const tar = new TarBlocks({ times, pool, readLayerContent });
  const blocks = inTurns(tar.blocks(entries), signal);
  const written = await store.write(compressBlocks(blocks, { compression, level, pool }));
  const toc = tar.finish();
  return { descriptor: { mediaType: layerMediaType(compression), ...written }, diffId: toc.diffId, toc };
}

async function* inTurns(blocks: Iterable<Buffer>, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void> {
  let count = 0;
  for (const block of blocks) {
    signal?.throwIfAborted();
    yield block;
    count++;
    if (count % BLOCKS_PER_TURN === 0) await setImmediate();
  }
}
