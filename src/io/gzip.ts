import { constants, crc32, deflateRaw, inflateRaw } from 'node:zlib';
import { type Block, BlockPool, cutBlocks, toBlocks } from './blocks.ts';
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
  /** Blocks that are compressed at the same time or wait to be taken. It does not change the bytes. Default 8. */
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
  { level = DEFAULT_GZIP_LEVEL, inFlight = 8, onBlock }: GzipBlocksOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const waiting: Promise<Deflated>[] = [];
  let checksum = 0;
  let size = 0;

  async function* next(): AsyncGenerator<Uint8Array, void> {
    const deflated = await waiting.shift();
    if (deflated === undefined) return;
    onBlock?.(deflated.chunks);
    yield* deflated.chunks;
    deflated.release?.();
  }

  yield HEADER;
  for await (const block of blocks) {
    checksum = crc32(block.bytes, checksum);
    size += block.bytes.length;
    const deflated = deflateBlock(block, level, pool);
    // Awaited in its turn, or never when the reader stops early.
    deflated.catch(() => undefined);
    waiting.push(deflated);
    if (waiting.length >= inFlight) yield* next();
  }
  while (waiting.length > 0) yield* next();
  yield LAST_BLOCK;
  yield trailer(checksum, size);
}

export interface GzipBlocksOptions extends GzipOptions {
  /** Told of each block as it comes out: what it was deflated to. The chunks are as short-lived as what comes out. */
  readonly onBlock?: ((chunks: readonly Buffer[]) => void) | undefined;
}

/** Bytes of the header that stands before the first block. */
export const GZIP_HEADER_BYTES: number = HEADER.length;

interface Deflated {
  readonly chunks: readonly Buffer[];
  /** Gives back what the chunks lie in. */
  readonly release?: () => void;
}

function deflateBlock({ bytes, compressed }: Block, level: number, pool: BlockPool): Promise<Deflated> {
  if (compressed !== undefined) {
    pool.give(bytes);
    return Promise.resolve({ chunks: [compressed] });
  }
  if (looksIncompressible(bytes)) {
    return Promise.resolve({ chunks: storedBlocks(bytes), release: () => pool.give(bytes) });
  }
  return new Promise((resolve, reject) => {
    const options = { level, finishFlush: constants.Z_SYNC_FLUSH, memLevel: 9, chunkSize: 256 * 1024 };
    deflateRaw(bytes, options, (error, deflated) => {
      pool.give(bytes);
      if (error === null) resolve({ chunks: [deflated] });
      else reject(error);
    });
  });
}

/** The bytes of a block that {@link gzipBlocks} deflated, which were `size`. Rejects when it is no such block. */
export function inflateBlock(deflated: Buffer, size: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = {
      finishFlush: constants.Z_SYNC_FLUSH,
      chunkSize: Math.max(size + 1, 64),
      maxOutputLength: size + 1,
    };
    inflateRaw(deflated, options, (error, bytes) => {
      if (error === null && bytes.length === size) resolve(bytes);
      else reject(error ?? new RangeError(`a block of ${bytes.length} bytes in place of ${size}`));
    });
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
