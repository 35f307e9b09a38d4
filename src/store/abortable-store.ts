import type { Bytes } from '../core/ports.ts';
import type { BlobStore } from './blob-store.ts';

/** The same store, whose reads and writes end with the reason of `signal` when that aborts. */
export function abortableStore(store: BlobStore, signal: AbortSignal): BlobStore {
  return {
    ...store,
    read: (target) => ({ [Symbol.asyncIterator]: () => abortable(store.read(target), signal) }),
    write: (bytes, expected, onGrowth) => store.write(abortable(bytes, signal), expected, onGrowth),
  };
}

async function* abortable(bytes: Bytes, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  signal.throwIfAborted();
  for await (const chunk of bytes) {
    yield chunk;
    signal.throwIfAborted();
  }
}
