import type { Digest } from '../core/digest.ts';
import type { ContentStore, Written } from '../core/ports.ts';
import { bytesOf } from './read.ts';
import { contentNotFound, verifyBytes } from './verify.ts';

/** Content in memory: for tests, and for callers who want no files. */
export function createMemoryStore(): ContentStore {
  const blobs = new Map<Digest, Uint8Array>();
  return {
    has: ({ digest, size }) => Promise.resolve(blobs.get(digest)?.length === size),
    read: (target) => ({ [Symbol.asyncIterator]: () => readFrom(blobs, target) }),
    async write(bytes, expected = {}) {
      const { content, written } = await collect(bytes, expected);
      blobs.set(written.digest, content);
      return written;
    },
    delete(digest) {
      blobs.delete(digest);
      return Promise.resolve();
    },
    async *list() {
      yield* [...blobs.keys()].sort();
    },
  };
}

async function* readFrom(blobs: ReadonlyMap<Digest, Uint8Array>, target: Written): AsyncGenerator<Uint8Array, void> {
  const content = blobs.get(target.digest);
  if (content === undefined) throw contentNotFound(target.digest, 'the memory store');
  yield* verifyBytes(bytesOf(content), { digest: target.digest, size: target.size });
}

async function collect(
  bytes: AsyncIterable<Uint8Array>,
  expected: Partial<Written>,
): Promise<{ content: Uint8Array; written: Written }> {
  const chunks: Uint8Array[] = [];
  const verified = verifyBytes(bytes, expected);
  for (;;) {
    const next = await verified.next();
    if (next.done === true) return { content: Buffer.concat(chunks), written: next.value };
    chunks.push(Buffer.from(next.value));
  }
}
