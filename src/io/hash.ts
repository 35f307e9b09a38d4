import { createHash, type Hash, hash } from 'node:crypto';
import { type Digest, toDigest } from '../core/digest.ts';
import type { Written } from '../core/ports.ts';

export function digestOf(bytes: Uint8Array): Digest {
  return toDigest(hash('sha256', bytes, 'hex'));
}

/** Hashes and counts what passes by, so that bytes are looked at once. */
export class DigestCounter {
  readonly #hash: Hash = createHash('sha256');
  #size = 0;

  get size(): number {
    return this.#size;
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#size += chunk.byteLength;
  }

  /** Ends the counting; to be called once. */
  finish(): Written {
    return { digest: toDigest(this.#hash.digest('hex')), size: this.#size };
  }
}

/** Passes `bytes` on unchanged and counts them in `counter`. */
export async function* counted(bytes: AsyncIterable<Uint8Array>, counter: DigestCounter): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    counter.update(chunk);
    yield chunk;
  }
}
