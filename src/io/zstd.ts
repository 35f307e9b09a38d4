import { constants, createZstdCompress, createZstdDecompress, type ZstdCompress, type ZstdDecompress } from 'node:zlib';
import { BlockCodec, type BlockStreams, mostCompressed, ONE_BLOCK } from './block-codec.ts';
import { type Block, BlockPool, cutBlocks, toBlocks, wholeBlock } from './blocks.ts';
import { type CompressBlocksOptions, compressInOrder } from './compress-blocks.ts';

export const DEFAULT_ZSTD_LEVEL: number = 3;

/** A frame without content (RFC 8878, 3.1.1): one segment of 0 bytes, one last raw block of 0 bytes. */
const EMPTY_FRAME = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00]);

export interface ZstdOptions {
  /** 1 to 19; default {@link DEFAULT_ZSTD_LEVEL}. */
  readonly level?: number | undefined;
}

/** Compresses into frames of zstd; the bytes depend on the content, the level and the zstd version only. */
export function zstd(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ZstdOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const pool = new BlockPool();
  return zstdBlocks(toBlocks(cutBlocks(bytes, pool)), pool, options);
}

/**
 * {@link zstd} for what is cut in blocks already; gives each block back to the pool. A block is a frame by itself, so that
 * blocks are compressed side by side, and one that was compressed before can be put in its place. A chunk that comes out
 * is the reader's until it asks for the next one.
 */
export async function* zstdBlocks(
  blocks: AsyncIterable<Block> | Iterable<Block>,
  pool: BlockPool,
  { level = DEFAULT_ZSTD_LEVEL, onBlock }: ZstdOptions & Pick<CompressBlocksOptions, 'onBlock'> = {},
): AsyncGenerator<Uint8Array, void> {
  const codec = new BlockCodec(frameStreams(level));
  const compress: CompressBlocksOptions['compress'] = async (bytes) => ({
    chunks: [await codec.run(bytes, { most: mostCompressed(bytes.length), target: wholeBlock(bytes) })],
  });
  let isEmpty = true;
  try {
    for await (const chunk of compressInOrder(blocks, pool, { compress, onBlock })) {
      isEmpty = false;
      yield chunk;
    }
    if (isEmpty) yield EMPTY_FRAME;
  } finally {
    codec.close();
  }
}

/** Never `ZSTD_c_nbWorkers`: it crashes in Node on large input and changes the bytes. */
function frameStreams(level: number): BlockStreams<ZstdCompress> {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return { open: (chunkSize) => createZstdCompress({ chunkSize, flush: constants.ZSTD_e_end, params }) };
}

/** Decompresses blocks that {@link zstdBlocks} compressed. */
export function createFrameReader(): BlockCodec<ZstdDecompress> {
  return new BlockCodec({ room: ONE_BLOCK, open: (chunkSize) => createZstdDecompress({ chunkSize }) });
}
