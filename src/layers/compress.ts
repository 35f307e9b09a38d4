import type { Compression } from '../core/media-types.ts';
import type { Block, BlockPool } from '../io/blocks.ts';
import { type GzipBlocksOptions, gzipBlocks } from '../io/gzip.ts';
import { zstdBlocks } from '../io/zstd.ts';

export interface CompressOptions {
  readonly compression: Compression;
  readonly level?: number | undefined;
  readonly pool: BlockPool;
  /** Told of each block of gzip as it comes out. */
  readonly onBlock?: GzipBlocksOptions['onBlock'];
}

/** Compresses blocks of `pool`; a chunk that comes out is the reader's until it asks for the next one. */
export function compressBlocks(
  blocks: AsyncIterable<Block>,
  { compression, level, pool, onBlock }: CompressOptions,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'none':
      return plainBlocks(blocks, pool);
    case 'gzip':
      return gzipBlocks(blocks, pool, { level, onBlock });
    case 'zstd':
      return zstdBlocks(bytesOf(blocks), pool, { level });
  }
}

async function* plainBlocks(blocks: AsyncIterable<Block>, pool: BlockPool): AsyncGenerator<Uint8Array, void> {
  for await (const { bytes } of blocks) {
    yield bytes;
    pool.give(bytes);
  }
}

async function* bytesOf(blocks: AsyncIterable<Block>): AsyncGenerator<Buffer, void> {
  for await (const { bytes } of blocks) yield bytes;
}
