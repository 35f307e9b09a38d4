import { closeSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../io/host-error.ts';
import type { ArrivingLayer } from '../rootfs/host-messages.ts';

const READ_BYTES = 1 << 20;

/** How far the blob of a call has arrived, as its caller tells. */
export class Arrivals {
  readonly #signal: AbortSignal;
  #size = 0;
  #isWhole = false;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  tell(size: number, isWhole: boolean): void {
    this.#size = size;
    this.#isWhole = isWhole;
    this.#wake?.();
  }

  /** The size that is more than `offset`, as soon as there is; `offset` itself when that is the end of a verified blob. */
  async beyond(offset: number): Promise<number> {
    while (this.#size <= offset && !this.#isWhole) {
      this.#signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#signal.throwIfAborted();
    return this.#size;
  }
}

/** The bytes of a blob as they arrive. It ends only when all of them were verified by the caller. */
export async function* readArriving(layer: ArrivingLayer, arrivals: Arrivals): AsyncGenerator<Uint8Array, void> {
  const file = openArriving(layer);
  try {
    let offset = 0;
    for (let size = await arrivals.beyond(0); size > offset; size = await arrivals.beyond(offset)) {
      const chunk = Buffer.allocUnsafe(Math.min(READ_BYTES, size - offset));
      const read = readSync(file, chunk, 0, chunk.length, offset);
      if (read === 0) throw new RangeError(`${layer.blobPath} is shorter than it was said to be`);
      offset += read;
      yield chunk.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}

/** It may have become whole, and got its name, before this process could open it. */
function openArriving({ arrivingPath, blobPath }: ArrivingLayer): number {
  try {
    return openSync(arrivingPath, 'r');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return openSync(blobPath, 'r');
  }
}
