import { freeMemory } from './free-memory.ts';

/** No block that is compressed by itself is larger. */
export const BLOCK_SIZE: number = 2 * 1024 * 1024;

/** A block of a stream on its way to be compressed. */
export interface Block {
  readonly bytes: Buffer;
  /** What compressing it gave before. */
  readonly compressed?: CompressedBlock;
}

export interface CompressedBlock {
  readonly chunks: readonly Buffer[];
  /** sha256 of the chunks in hex, where it is known. */
  readonly digest?: string;
}

/** Buffers of one block that are used again: fresh memory costs more than hashing what is in it. */
export class BlockPool {
  readonly #free: Buffer[] = [];

  /** Memory of a block; of its own where more is asked for, as a block needs that grew when it was compressed. */
  take(size: number = BLOCK_SIZE): Buffer {
    if (size > BLOCK_SIZE) return Buffer.allocUnsafeSlow(size);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_SIZE);
  }

  /** Gives back a block of {@link take}, or a view of its beginning, which nobody reads any more. */
  give(block: Buffer): void {
    if (block.buffer.byteLength === BLOCK_SIZE) this.#free.push(Buffer.from(block.buffer));
    else if (block.buffer.byteLength > BLOCK_SIZE) freeMemory(block);
  }

  /** Gives the memory of the blocks that lie here back at once. */
  clear(): void {
    for (const block of this.#free.splice(0)) freeMemory(block);
  }
}

/** All of the memory that a block of a pool lies in. */
export function wholeBlock(block: Buffer): Buffer {
  return Buffer.from(block.buffer, 0, BLOCK_SIZE);
}

/** Cuts a stream into blocks of the pool, of the lengths given, and after them all but the last one full. */
export async function* cutBlocks(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  pool: BlockPool,
  lengths: Iterable<number> = [],
): AsyncGenerator<Buffer, void> {
  const wanted = lengths[Symbol.iterator]();
  const nextLength = (): number => wanted.next().value ?? BLOCK_SIZE;
  let block = pool.take();
  let filled = 0;
  let length = nextLength();
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; ) {
      const used = Math.min(length - filled, chunk.length - at);
      block.set(chunk.subarray(at, at + used), filled);
      at += used;
      filled += used;
      if (filled < length) continue;
      yield block.subarray(0, filled);
      block = pool.take();
      filled = 0;
      length = nextLength();
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

export async function* toBlocks(blocks: AsyncIterable<Buffer>): AsyncGenerator<Block, void> {
  for await (const bytes of blocks) yield { bytes };
}
