/** Streams are cut into blocks of this size before they are compressed: part of the recipe, like the level. */
export const BLOCK_SIZE: number = 256 * 1024;

/** Buffers of one block that are used again: fresh memory costs more than hashing what is in it. */
export class BlockPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_SIZE);
  }

  /** Gives back a block of {@link take}, or a view of its beginning, which nobody reads any more. */
  give(block: Buffer): void {
    if (block.buffer.byteLength === BLOCK_SIZE) this.#free.push(Buffer.from(block.buffer));
  }
}

/** Cuts a stream into blocks of the pool, all but the last one full. */
export async function* cutBlocks(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  pool: BlockPool,
): AsyncGenerator<Buffer, void> {
  let block = pool.take();
  let filled = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; ) {
      const used = Math.min(BLOCK_SIZE - filled, chunk.length - at);
      block.set(chunk.subarray(at, at + used), filled);
      at += used;
      filled += used;
      if (filled < BLOCK_SIZE) continue;
      yield block;
      block = pool.take();
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
