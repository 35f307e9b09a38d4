/** Cuts bytes into chunks of the given sizes, over and over, as a stream that can be read once. */
export async function* inChunks(bytes: Uint8Array, ...sizes: readonly number[]): AsyncGenerator<Uint8Array, void> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(sizes[i % sizes.length] ?? bytes.length, 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** Text that compresses as source code does; the same for the same seed. */
export function textBytes(length: number, seed = 1): Buffer {
  const words = ['const', 'layer', 'of', 'the', 'import', 'return', '{', '}', '=>', 'value', 'entry', '\n'];
  const random = numbers(seed);
  let text = '';
  while (text.length < length) text += `${words[random() % words.length]}${random() % 50} `;
  return Buffer.from(text.slice(0, length));
}

/** Bytes that do not compress; the same for the same seed. */
export function noiseBytes(length: number, seed = 1): Buffer {
  const random = numbers(seed);
  return Buffer.from(Uint8Array.from({ length }, () => random() & 0xff));
}

function numbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state >>> 3;
  };
}
