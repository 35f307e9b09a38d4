import {
  constants,
  crc32,
  createDeflateRaw,
  createInflateRaw,
  type DeflateRaw,
  deflateRawSync,
  type InflateRaw,
} from 'node:zlib';
import { BlockCodec, type BlockStreams, mostCompressed, ONE_BLOCK } from './block-codec.ts';
import { type Block, BlockPool, type CompressedBlock, cutBlocks, toBlocks, wholeBlock } from './blocks.ts';
import { type CompressBlocksOptions, compressInOrder } from './compress-blocks.ts';
import { looksIncompressible } from './probe.ts';

export const DEFAULT_GZIP_LEVEL: number = 6;

/** A stored block of deflate has at most this many bytes (RFC 1951, 3.2.4). */
const MAX_STORED = 0xffff;
/** No name, no time, no flags, unknown system (RFC 1952). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty last block with fixed codes. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

export interface GzipOptions {
  /** 1 to 9; default {@link DEFAULT_GZIP_LEVEL}. */
  readonly level?: number | undefined;
  /** See {@link compressInOrder}; it does not change the bytes. */
  readonly inFlight?: number | undefined;
}

/** Compresses into one ordinary gzip member; the bytes depend on the content, the level and the zlib version only. */
export function gzip(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: GzipOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const pool = new BlockPool();
  return gzipBlocks(toBlocks(cutBlocks(bytes, pool)), pool, options);
}

/**
 * {@link gzip} for what is cut in blocks already; gives each block back to the pool. Blocks are deflated on libuv's thread
 * pool, each by itself, and end on a byte by a sync flush, so that one that was deflated before can be put in its place. A
 * chunk that comes out is the reader's until it asks for the next one.
 */
export async function* gzipBlocks(
  blocks: AsyncIterable<Block> | Iterable<Block>,
  pool: BlockPool,
  { level = DEFAULT_GZIP_LEVEL, inFlight, onBlock }: GzipBlocksOptions = {},
): AsyncGenerator<Uint8Array, void> {
  let checksum = 0;
  let size = 0;

  async function* summed(): AsyncGenerator<Block, void> {
    for await (const block of blocks) {
      checksum = crc32(block.bytes, checksum);
      size += block.bytes.length;
      yield block;
    }
  }

  const codec = new BlockCodec(deflateStreams(level));
  try {
    yield HEADER;
    yield* compressInOrder(summed(), pool, {
      compress: (bytes) => deflateBlock(bytes, { codec, level }),
      inFlight,
      onBlock,
    });
    yield LAST_BLOCK;
    yield trailer(checksum, size);
  } finally {
    codec.close();
  }
}

export type GzipBlocksOptions = GzipOptions & Pick<CompressBlocksOptions, 'onBlock'>;

/** Bytes of the header that stands before the first block. */
export const GZIP_HEADER_BYTES: number = HEADER.length;

const MEMORY_LEVEL = 9;

function deflateStreams(level: number): BlockStreams<DeflateRaw> {
  return {
    open: (chunkSize) => createDeflateRaw({ level, flush: constants.Z_SYNC_FLUSH, memLevel: MEMORY_LEVEL, chunkSize }),
    reset: (stream) => stream.reset(),
  };
}

/** A block of up to this size is deflated where it is: the way to a thread and back takes longer. */
const SMALL = 16 * 1024;

async function deflateBlock(
  bytes: Buffer,
  { codec, level }: { readonly codec: BlockCodec<DeflateRaw>; readonly level: number },
): Promise<CompressedBlock> {
  if (looksIncompressible(bytes)) return { chunks: storedBlocks(bytes) };
  const most = mostCompressed(bytes.length);
  if (bytes.length <= SMALL) {
    const finishFlush = constants.Z_SYNC_FLUSH;
    return { chunks: [deflateRawSync(bytes, { level, finishFlush, memLevel: MEMORY_LEVEL, chunkSize: most })] };
  }
  return { chunks: [await codec.run(bytes, { most, target: wholeBlock(bytes) })] };
}

/** Inflates blocks that {@link gzipBlocks} deflated. */
export function createInflater(): BlockCodec<InflateRaw> {
  return new BlockCodec({
    room: ONE_BLOCK,
    open: (chunkSize) => createInflateRaw({ flush: constants.Z_SYNC_FLUSH, chunkSize }),
    reset: (stream) => stream.reset(),
  });
}

function storedBlocks(block: Buffer): readonly Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < block.length; at += MAX_STORED) {
    const part = block.subarray(at, at + MAX_STORED);
    const head = Buffer.alloc(5);
    head.writeUInt16LE(part.length, 1);
    head.writeUInt16LE(part.length ^ 0xffff, 3);
    out.push(head, part);
  }
  return out;
}

/** Checksum and size modulo 2³² (RFC 1952, 2.3.1). */
function trailer(checksum: number, size: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32LE(checksum, 0);
  out.writeUInt32LE(size % 2 ** 32, 4);
  return out;
}
