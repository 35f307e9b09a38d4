import type { Descriptor } from '../core/image.ts';
import type { Bytes } from '../core/ports.ts';

/** How far the bytes of a blob have come; `current === total` ends a transfer. */
export interface Transfer {
  readonly descriptor: Descriptor;
  readonly current: number;
  readonly total: number;
}

export type OnTransfer = (transfer: Transfer) => void;

/** Passes bytes on and tells how far they are; each iteration counts anew. */
export function observeTransfer(bytes: Bytes, descriptor: Descriptor, onTransfer: OnTransfer | undefined): Bytes {
  return { [Symbol.asyncIterator]: () => observe(bytes, descriptor, onTransfer) };
}

async function* observe(
  bytes: Bytes,
  descriptor: Descriptor,
  onTransfer: OnTransfer | undefined,
): AsyncGenerator<Uint8Array, void> {
  let current = 0;
  for await (const chunk of bytes) {
    current += chunk.length;
    onTransfer?.({ descriptor, current, total: descriptor.size });
    yield chunk;
  }
}
