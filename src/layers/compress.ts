import type { Compression } from '../core/media-types.ts';
import type { Block, BlockPool } from '../io/blocks.ts';
import { type CompressBlocksOptions, compressInOrder } from '../io/compress-blocks.ts';
import { GZIP_HEADER_BYTES, gzipBlocks } from '../io/gzip.ts';
import { zstdBlocks } from '../io/zstd.ts';

export interface CompressOptions extends Pick<CompressBlocksOptions, 'onBlock'> {
  readonly compression: Compression;
  readonly level?: number | undefined;
  readonly pool: BlockPool;
}

/** Compresses blocks of `pool`; a chunk that comes out is the reader's until it asks for the next one. */
export function compressBlocks(
  blocks: AsyncIterable<Block>,
  { compression, level, pool, onBlock }: CompressOptions,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'none':
      return compressInOrder(blocks, pool, { compress: unchanged, inFlight: 1, onBlock });
    case 'gzip':
      return gzipBlocks(blocks, pool, { level, onBlock });
    case 'zstd':
      return zstdBlocks(blocks, pool, { level, onBlock });
  }
}

/** Where the first block lies in what {@link compressBlocks} gives. */
export function firstBlockAt(compression: Compression): number {
  return compression === 'gzip' ? GZIP_HEADER_BYTES : 0;
}

function unchanged(bytes: Buffer): Promise<{ chunks: readonly Buffer[] }> {
  return Promise.resolve({ chunks: [bytes] });
}
