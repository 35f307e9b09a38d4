import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { PackedBlock } from '../core/image.ts';
import { inflateBlock } from '../io/gzip.ts';

/** A block as it lies in an earlier layer. */
export interface EarlierBlock {
  readonly compressed: Buffer;
  readonly rawSize: number;
  readonly raw?: string;
}

/** Blocks of an earlier layer that can be used again. What is damaged or gone is not found. */
export interface EarlierBlocks {
  /** All blocks of a key. */
  find(key: string): readonly EarlierBlock[] | undefined;
  /** A part of a large file, by the sha256 of its bytes in hex. */
  findRaw(raw: string): EarlierBlock | undefined;
  close(): void;
}

/** Opens the blob of an earlier layer, a file. `undefined` when it cannot be read. */
export function openEarlierBlocks(blob: string, blocks: readonly PackedBlock[]): EarlierBlocks | undefined {
  const byKey = Map.groupBy(blocks, ({ key }) => key);
  const byRaw = new Map(blocks.flatMap((block) => (block.raw === undefined ? [] : [[block.raw, block] as const])));
  const fd = tryOpen(blob);
  if (fd === undefined) return undefined;
  return {
    find(key) {
      const found = byKey.get(key)?.map((block) => readBlock(fd, block));
      return found?.every((block) => block !== undefined) === true ? found : undefined;
    },
    findRaw(raw) {
      const block = byRaw.get(raw);
      return block && readBlock(fd, block);
    },
    close: () => closeSync(fd),
  };
}

/** The tar bytes of blocks; `undefined` when one of them is damaged. */
export async function inflateBlocks(blocks: readonly EarlierBlock[]): Promise<readonly Buffer[] | undefined> {
  try {
    return await Promise.all(blocks.map(({ compressed, rawSize }) => inflateBlock(compressed, rawSize)));
  } catch {
    return undefined;
  }
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

function readBlock(fd: number, { offset, size, rawSize, raw, digest }: PackedBlock): EarlierBlock | undefined {
  try {
    const compressed = Buffer.allocUnsafe(size);
    if (readSync(fd, compressed, 0, size, offset) !== size) return undefined;
    return hash('sha256', compressed, 'hex') === digest
      ? { compressed, rawSize, ...(raw !== undefined && { raw }) }
      : undefined;
  } catch {
    return undefined;
  }
}
