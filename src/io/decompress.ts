import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { isBuilderError, LayerError } from '../core/errors.ts';
import { externalDecompress } from './external-decompress.ts';
import { peek } from './peek.ts';
import { ZstdFrames } from './zstd-frames.ts';

export type CompressionFormat = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

export interface DecompressOptions {
  /** Default: judged by the first bytes. */
  readonly format?: CompressionFormat | undefined;
  /** Upper limit of the uncompressed size in bytes, against bombs. Default: none. */
  readonly maxBytes?: number | undefined;
}

const MAGIC: readonly (readonly [CompressionFormat, Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b, 8])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['bzip2', Buffer.from('BZh')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
];
const SNIFF_BYTES = 6;

/** The format of what begins with `head` (6 bytes are enough); `none` when it is not a known one. */
export function sniffCompression(head: Uint8Array): CompressionFormat {
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, SNIFF_BYTES));
  return MAGIC.find(([, magic]) => start.subarray(0, magic.length).equals(magic))?.[0] ?? 'none';
}

/**
 * Uncompressed bytes. Errors of `bytes` itself pass unchanged.
 * @throws LayerError `LAYER_COMPRESSION_CORRUPT`, `LAYER_TOO_LARGE`, `LAYER_DECOMPRESSOR_MISSING`
 */
export async function* decompress(
  bytes: AsyncIterable<Uint8Array>,
  options: DecompressOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const { head, all } = await peek(bytes, SNIFF_BYTES);
  const format = options.format ?? sniffCompression(head);
  const limit = options.maxBytes ?? Number.POSITIVE_INFINITY;
  let size = 0;
  for await (const chunk of inflate(all, format)) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(format, limit);
    yield chunk;
  }
}

function inflate(bytes: AsyncIterable<Uint8Array>, format: CompressionFormat): AsyncIterable<Uint8Array> {
  switch (format) {
    case 'none':
      return bytes;
    case 'gzip':
      return throughZlib(bytes, format);
    case 'zstd':
      return throughZstd(bytes);
    default:
      return externalDecompress(bytes, format);
  }
}

async function* throughZstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const frames = new ZstdFrames(bytes);
  try {
    while (await frames.hasMore()) yield* throughZlib(frames.frame(), 'zstd');
  } finally {
    await frames.close();
  }
}

async function* throughZlib(
  bytes: AsyncIterable<Uint8Array>,
  format: 'gzip' | 'zstd',
): AsyncGenerator<Uint8Array, void> {
  const engine = format === 'gzip' ? createGunzip({ chunkSize: 256 * 1024 }) : createZstdDecompress();
  // What goes wrong on the way in also ends the reading below, which reports it.
  const feeding = pipeline(bytes, engine).catch(() => undefined);
  try {
    for await (const chunk of engine) yield chunk as Buffer;
    await feeding;
  } catch (cause) {
    throw isZlibError(cause) ? corrupt(format, cause) : cause;
  } finally {
    engine.destroy();
    await feeding;
  }
}

function isZlibError(error: unknown): boolean {
  if (isBuilderError(error) || typeof error !== 'object' || error === null || !('code' in error)) return false;
  return typeof error.code === 'string' && /^(?:Z_|ZSTD_|ERR_ZLIB_)/.test(error.code);
}

function corrupt(format: CompressionFormat, cause: unknown): LayerError {
  return new LayerError('LAYER_COMPRESSION_CORRUPT', `damaged ${format} data: ${(cause as Error).message}`, {
    hint: 'it was cut short or altered: fetch or write it again',
    cause,
  });
}

function tooLarge(format: CompressionFormat, limit: number): LayerError {
  return new LayerError('LAYER_TOO_LARGE', `${format} data has more than ${limit} bytes when uncompressed`, {
    hint: 'raise the limit if this size is meant',
  });
}
