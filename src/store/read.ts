import type { Written } from '../core/ports.ts';

/** Reads small content whole, verified. */
export async function readAll<Target extends Written>(
  reader: { read(target: Target): AsyncIterable<Uint8Array> },
  target: Target,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader.read(target)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes that are in memory already, as the stream that a store writes. */
export async function* bytesOf(...chunks: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array, void> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}
