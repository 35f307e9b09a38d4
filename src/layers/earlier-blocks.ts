import type { PackedBlock } from '../core/image.ts';
import type { Compression } from '../core/media-types.ts';
import type { BlockPool, CompressedBlock } from '../io/blocks.ts';
import { type EarlierPart, PartReader } from './part-reader.ts';

/** A block of an earlier layer: one part, or those of a large file. */
export interface EarlierBlock {
  /** Bytes of the tar in all parts. */
  readonly size: number;
  /** Gives the parts in order, up to the first one that is damaged; to be read once. Few are in memory at a time. */
  readonly parts: AsyncIterable<EarlierPart>;
}

/** Blocks of an earlier layer that can be used again. What is damaged or gone is not found. */
export interface EarlierBlocks {
  /** The block of a key. Its first part is decompressed from now on. */
  find(key: string, pool: BlockPool): EarlierBlock | undefined;
  /** What a part of a large file was compressed to, by the sha256 of its bytes in hex. */
  findRaw(raw: string, pool: BlockPool): CompressedBlock | undefined;
  /** The tar bytes of the blocks that come after the one found last: where something changed, most of it is there still. */
  nearby(pool: BlockPool): Promise<readonly Buffer[]>;
  close(): void;
}

/** A change of one entry takes away a border between two blocks at most. */
const NEARBY = 2;
/** Parts of a block that are decompressed ahead of their turn. */
const AHEAD = 4;

/** Opens the blob of an earlier layer, a file. `undefined` when it cannot be read. */
export function openEarlierBlocks(
  blob: string,
  blocks: readonly PackedBlock[],
  compression: Compression,
): EarlierBlocks | undefined {
  const byKey = Map.groupBy(blocks.entries(), ([, { key }]) => key);
  const byRaw = new Map(blocks.flatMap((block) => (block.raw === undefined ? [] : [[block.raw, block] as const])));
  const reader = tryOpen(blob, compression);
  if (reader === undefined) return undefined;
  let next = 0;
  return {
    find(key, pool) {
      const found = byKey.get(key) ?? [];
      const [last] = found.at(-1) ?? [];
      if (last === undefined) return undefined;
      next = last + 1;
      const parts = found.map(([, part]) => part);
      const size = parts.reduce((sum, { rawSize }) => sum + rawSize, 0);
      return { size, parts: readAhead(parts, (part) => reader.read(part, pool)) };
    },
    async nearby(pool) {
      const near = blocks.slice(next, next + NEARBY).filter(({ raw }) => raw === undefined);
      const parts = await Promise.all(near.map((block) => reader.read(block, pool)));
      const sound = parts.flatMap((part) => part ?? []);
      for (const { compressed } of sound) for (const chunk of compressed.chunks) pool.give(chunk);
      return sound.map(({ bytes }) => bytes);
    },
    findRaw(raw, pool) {
      const block = byRaw.get(raw);
      return block && reader.readCompressed(block, pool);
    },
    close: () => reader.close(),
  };
}

function tryOpen(blob: string, compression: Compression): PartReader | undefined {
  try {
    return new PartReader(blob, compression);
  } catch {
    return undefined;
  }
}

type ReadPart = (part: PackedBlock) => Promise<EarlierPart | undefined>;

/** Reads the first part now, and {@link AHEAD} of them at most while somebody takes them. */
function readAhead(parts: readonly PackedBlock[], read: ReadPart): AsyncIterable<EarlierPart> {
  const reading = parts.slice(0, 1).map(read);
  let next = reading.length;
  return (async function* () {
    while (reading.length > 0) {
      for (const part of parts.slice(next, next + AHEAD - reading.length)) {
        reading.push(read(part));
        next++;
      }
      const part = await reading.shift();
      if (part === undefined) return;
      yield part;
    }
  })();
}
