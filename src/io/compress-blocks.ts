import type { Block, BlockPool, CompressedBlock } from './blocks.ts';

export interface CompressBlocksOptions {
  /** Compresses a block; may use its memory for the result. */
  readonly compress: (bytes: Buffer) => Promise<CompressedBlock>;
  /** Blocks that are compressed at the same time or wait to be taken. Default 8. */
  readonly inFlight?: number | undefined;
  /** Told of each block as it comes out. The chunks are as short-lived as what comes out. */
  readonly onBlock?: ((compressed: CompressedBlock) => void) | undefined;
}

interface Waiting {
  readonly compressed: CompressedBlock;
  /** Blocks of the pool that it lies in. */
  readonly memory: readonly Buffer[];
}

/**
 * Compresses blocks side by side and gives them out in order; those that come with their compressed form pass. Gives all
 * blocks back to the pool. A chunk that comes out is the reader's until it asks for the next one.
 */
export async function* compressInOrder(
  blocks: AsyncIterable<Block> | Iterable<Block>,
  pool: BlockPool,
  { compress, inFlight = 8, onBlock }: CompressBlocksOptions,
): AsyncGenerator<Buffer, void> {
  const waiting: Promise<Waiting>[] = [];

  const start = async ({ bytes, compressed }: Block): Promise<Waiting> => {
    if (compressed === undefined) return { compressed: await compress(bytes), memory: [bytes] };
    pool.give(bytes);
    return { compressed, memory: compressed.chunks };
  };

  async function* next(): AsyncGenerator<Buffer, void> {
    const head = await waiting.shift();
    if (head === undefined) return;
    onBlock?.(head.compressed);
    yield* head.compressed.chunks;
    for (const block of head.memory) pool.give(block);
  }

  for await (const block of blocks) {
    const started = start(block);
    // Awaited in its turn, or never when the reader stops early.
    started.catch(() => undefined);
    waiting.push(started);
    if (waiting.length >= inFlight) yield* next();
  }
  while (waiting.length > 0) yield* next();
}
