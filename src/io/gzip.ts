import { constants, crc32, deflateRaw } from 'node:zlib';
import { BlockPool, cutBlocks } from './blocks.ts';
import { looksIncompressible } from './probe.ts';

export const DEFAULT_GZIP_LEVEL: number = 6;

/** deflate looks back this far (RFC 1951). */
const WINDOW = 32 * 1024;
/** A stored block of deflate has at most this many bytes (RFC 1951, 3.2.4). */
const MAX_STORED = 0xffff;
/** No name, no time, no flags, unknown system (RFC 1952). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty last block with fixed codes. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

export interface GzipOptions {
  /** 1 to 9; default {@link DEFAULT_GZIP_LEVEL}. */
  readonly level?: number | undefined;
  /** Blocks that are compressed at the same time or wait to be taken. It does not change the bytes. Default 16. */
  readonly inFlight?: number | undefined;
}

/** Compresses into one ordinary gzip member; the bytes depend on the content, the level and the zlib version only. */
export function gzip(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: GzipOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const pool = new BlockPool();
  return gzipBlocks(cutBlocks(bytes, pool), pool, options);
}

/**
 * {@link gzip} for what is cut in blocks already; gives each block back to the pool. Blocks are deflated on libuv's
 * thread pool, each with the end of the one before as its dictionary, and end on a byte by a sync flush.
 */
export async function* gzipBlocks(
  blocks: AsyncIterable<Buffer> | Iterable<Buffer>,
  pool: BlockPool,
  { level = DEFAULT_GZIP_LEVEL, inFlight = 16 }: GzipOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const waiting: Promise<readonly Buffer[]>[] = [];
  let window: Buffer | undefined;
  let checksum = 0;
  let size = 0;
  yield HEADER;
  for await (const block of blocks) {
    checksum = crc32(block, checksum);
    size += block.length;
    const dictionary = window;
    window = Buffer.from(block.subarray(-WINDOW));
    const deflated = deflateBlock(block, { level, dictionary, pool });
    // Awaited in its turn, or never when the reader stops early.
    deflated.catch(() => undefined);
    waiting.push(deflated);
    if (waiting.length >= inFlight) yield* (await waiting.shift()) ?? [];
  }
  for (const deflated of waiting) yield* await deflated;
  yield LAST_BLOCK;
  yield trailer(checksum, size);
}

interface DeflateOptions {
  readonly level: number;
  readonly dictionary: Buffer | undefined;
  readonly pool: BlockPool;
}

function deflateBlock(block: Buffer, { level, dictionary, pool }: DeflateOptions): Promise<readonly Buffer[]> {
  // A stored block goes out as it is, so it never returns to the pool.
  if (looksIncompressible(block)) return Promise.resolve(storedBlocks(block));
  return new Promise((resolve, reject) => {
    const options = {
      level,
      finishFlush: constants.Z_SYNC_FLUSH,
      memLevel: 9,
      chunkSize: 128 * 1024,
      ...(dictionary !== undefined && { dictionary }),
    };
    deflateRaw(block, options, (error, deflated) => {
      pool.give(block);
      if (error === null) resolve([deflated]);
      else reject(error);
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
