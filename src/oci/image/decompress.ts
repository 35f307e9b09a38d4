import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Compression } from '../../core/media-types.ts';
import type { Bytes } from '../../core/ports.ts';

/** The uncompressed bytes of a layer; errors of the source and of the decompressor end the iteration. */
export function decompress(bytes: Bytes, compression: Compression): Bytes {
  return compression === 'none' ? bytes : { [Symbol.asyncIterator]: () => inflate(bytes, compression) };
}

async function* inflate(bytes: Bytes, compression: 'gzip' | 'zstd'): AsyncGenerator<Uint8Array, void> {
  const transform: Transform = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  // The transform carries the error to the reader below.
  pipeline(Readable.from(bytes), transform, () => undefined);
  yield* transform;
}
