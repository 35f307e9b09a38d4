import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { PackedBlock } from '../core/image.ts';
import type { Compression } from '../core/media-types.ts';
import type { BlockCodec } from '../io/block-codec.ts';
import { BLOCK_SIZE, type BlockPool } from '../io/blocks.ts';
import { createInflater } from '../io/gzip.ts';
import { createFrameReader } from '../io/zstd.ts';

/** A block as it lies in an earlier layer, in memory of a pool. */
export interface EarlierBlock extends Pick<PackedBlock, 'rawSize' | 'raw' | 'digest'> {
  readonly compressed: Buffer;
}

/** Blocks of an earlier layer that can be used again. What is damaged or gone is not found. */
export interface EarlierBlocks {
  /** All blocks of a key. */
  find(key: string, pool: BlockPool): readonly EarlierBlock[] | undefined;
  /** A part of a large file, by the sha256 of its bytes in hex. */
  findRaw(raw: string, pool: BlockPool): EarlierBlock | undefined;
  /** The tar bytes of the blocks that come after the one found last: where something changed, most of it is there still. */
  nearby(pool: BlockPool): Promise<readonly Buffer[]>;
  /** The tar bytes of blocks, in memory of the pool; `undefined` when one of them is damaged. */
  restore(blocks: readonly EarlierBlock[], pool: BlockPool): Promise<readonly Buffer[] | undefined>;
  close(): void;
}

/** A change of one entry takes away a border between two blocks at most. */
const NEARBY = 2;

/** Opens the blob of an earlier layer, a file. `undefined` when it cannot be read. */
export function openEarlierBlocks(
  blob: string,
  blocks: readonly PackedBlock[],
  compression: Compression,
): EarlierBlocks | undefined {
  const byKey = Map.groupBy(blocks.entries(), ([, { key }]) => key);
  const byRaw = new Map(blocks.flatMap((block) => (block.raw === undefined ? [] : [[block.raw, block] as const])));
  const fd = tryOpen(blob);
  if (fd === undefined) return undefined;
  const codec = codecOf(compression);
  let next = 0;
  const read = (found: readonly PackedBlock[], pool: BlockPool): readonly EarlierBlock[] | undefined => {
    const whole = found.flatMap((block) => readBlock(fd, block, pool) ?? []);
    return whole.length === found.length ? whole : undefined;
  };
  const restore = async (found: readonly EarlierBlock[], pool: BlockPool): Promise<readonly Buffer[] | undefined> => {
    try {
      return await Promise.all(found.map((block) => restoreBlock(block, codec, pool)));
    } catch {
      return undefined;
    }
  };
  return {
    restore,
    find(key, pool) {
      const found = byKey.get(key) ?? [];
      const [last] = found.at(-1) ?? [];
      if (last === undefined) return undefined;
      next = last + 1;
      return read(
        found.map(([, block]) => block),
        pool,
      );
    },
    async nearby(pool) {
      const found = blocks.slice(next, next + NEARBY).filter(({ raw }) => raw === undefined);
      return (await restore(read(found, pool) ?? [], pool)) ?? [];
    },
    findRaw(raw, pool) {
      const block = byRaw.get(raw);
      return block && readBlock(fd, block, pool);
    },
    close() {
      codec?.close();
      closeSync(fd);
    },
  };
}

function codecOf(compression: Compression): BlockCodec | undefined {
  if (compression === 'none') return undefined;
  return compression === 'gzip' ? createInflater() : createFrameReader();
}

/** @throws when the block is another one */
async function restoreBlock(
  { compressed, rawSize }: EarlierBlock,
  codec: BlockCodec | undefined,
  pool: BlockPool,
): Promise<Buffer> {
  const target = pool.take();
  if (rawSize > target.length) throw new RangeError(`a block of ${rawSize} bytes`);
  const bytes =
    codec === undefined ? copyTo(target, compressed) : await codec.run(compressed, { most: rawSize, target });
  if (bytes.length !== rawSize) throw new RangeError(`a block of ${bytes.length} bytes in place of ${rawSize}`);
  return bytes;
}

function copyTo(target: Buffer, bytes: Buffer): Buffer {
  return target.subarray(0, bytes.copy(target));
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

function readBlock(fd: number, block: PackedBlock, pool: BlockPool): EarlierBlock | undefined {
  const { offset, size, rawSize, raw, digest } = block;
  try {
    const memory = size <= BLOCK_SIZE ? pool.take() : Buffer.allocUnsafeSlow(size);
    const compressed = memory.subarray(0, readSync(fd, memory, 0, size, offset));
    if (hash('sha256', compressed, 'hex') !== digest) return undefined;
    return { compressed, rawSize, digest, ...(raw !== undefined && { raw }) };
  } catch {
    return undefined;
  }
}
