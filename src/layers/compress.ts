import type { Compression } from '../core/media-types.ts';
import type { BlockPool } from '../io/blocks.ts';
import { gzipBlocks } from '../io/gzip.ts';
import { zstdBlocks } from '../io/zstd.ts';

export interface CompressOptions {
  readonly compression: Compression;
  readonly level?: number | undefined;
  readonly pool: BlockPool;
}

/** Compresses blocks of `pool`; what comes out is the reader's to keep. */
export function compressBlocks(
  blocks: AsyncIterable<Buffer>,
  { compression, level, pool }: CompressOptions,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'none':
      return blocks;
    case 'gzip':
      return gzipBlocks(blocks, pool, { level });
    case 'zstd':
      return zstdBlocks(blocks, pool, { level });
  }
}
