import type { Descriptor } from '../core/image.ts';
import type { Bytes } from '../core/ports.ts';

/** How far the bytes of a blob have come: 0 announces it, `current === total` ends a transfer. */
export interface Transfer {
  readonly descriptor: Descriptor;
  readonly current: number;
  readonly total: number;
  /** It was there already, or came without its bytes being sent. */
  readonly wasThere?: true;
}

export type OnTransfer = (transfer: Transfer) => void;

/** Says what is going to move, before anything does. */
export function announceTransfers(descriptors: readonly Descriptor[], onTransfer: OnTransfer | undefined): void {
  for (const descriptor of descriptors) onTransfer?.({ descriptor, current: 0, total: descriptor.size });
}

export function wasThere(descriptor: Descriptor, onTransfer: OnTransfer | undefined): void {
  onTransfer?.({ descriptor, current: descriptor.size, total: descriptor.size, wasThere: true });
}

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
