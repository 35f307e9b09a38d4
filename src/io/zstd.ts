import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { BlockPool, cutBlocks } from './blocks.ts';

export const DEFAULT_ZSTD_LEVEL: number = 3;

export interface ZstdOptions {
  /** 1 to 19; default {@link DEFAULT_ZSTD_LEVEL}. */
  readonly level?: number | undefined;
}

/** Compresses into one zstd frame; the bytes depend on the content, the level and the zstd version only. */
export function zstd(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ZstdOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const pool = new BlockPool();
  return zstdBlocks(cutBlocks(bytes, pool), pool, options);
}

/** {@link zstd} for what is cut in blocks already; gives each block back to the pool. */
export async function* zstdBlocks(
  blocks: AsyncIterable<Buffer> | Iterable<Buffer>,
  pool: BlockPool,
  { level = DEFAULT_ZSTD_LEVEL }: ZstdOptions = {},
): AsyncGenerator<Uint8Array, void> {
  // Never ZSTD_c_nbWorkers: it crashes in Node on large input and changes the bytes.
  const engine = createZstdCompress({
    chunkSize: 128 * 1024,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  const out = new Collector(engine);
  try {
    let writing: Promise<void> = Promise.resolve();
    for await (const block of blocks) {
      await writing;
      yield* out.take();
      writing = writeBlock(engine, block, pool);
    }
    await writing;
    yield* out.take();
    await endEngine(engine);
    yield* out.take();
  } finally {
    engine.destroy();
  }
}

/** Waits for each block, so that where one call ends and the next begins, which the bytes depend on, is always the same. */
function writeBlock(engine: ZstdCompress, block: Buffer, pool: BlockPool): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.write(block, (error) => {
      pool.give(block);
      if (error) reject(error);
      else resolve();
    });
  });
}

function endEngine(engine: ZstdCompress): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.once('error', reject);
    engine.once('end', resolve);
    engine.end();
  });
}

class Collector {
  #chunks: Buffer[] = [];

  constructor(engine: ZstdCompress) {
    engine.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }

  take(): readonly Buffer[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }
}
