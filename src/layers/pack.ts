import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { IndexedLayer } from '../core/image.ts';
import { type Compression, layerMediaType } from '../core/media-types.ts';
import type { ContentWriter } from '../core/ports.ts';
import type { PackEntry, WhiteoutEntry } from '../core/toc.ts';
import { type Block, BlockPool } from '../io/blocks.ts';
import { keyOfBlock } from './block-key.ts';
import { BlockList } from './block-list.ts';
import { compressBlocks } from './compress.ts';
import { cutEntries, type EntryBlock, isLarge } from './cut-entries.ts';
import { type EarlierBlock, type EarlierBlocks, inflateBlocks } from './earlier-blocks.ts';
import { OrderChecker } from './pack-order.ts';
import type { ReadLayerContent } from './packed-content.ts';
import { TarBlocks, type TimePolicy } from './tar-blocks.ts';

export interface PackOptions {
  readonly times: TimePolicy;
  readonly compression: Compression;
  /** Default: 6 for gzip, 3 for zstd. */
  readonly level?: number | undefined;
  /** Needed where a source is in another layer. */
  readonly readLayerContent?: ReadLayerContent | undefined;
  /** Blocks of an earlier layer, compressed alike: those that did not change are taken as they are. Only for gzip. */
  readonly earlier?: EarlierBlocks | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of tar after which other work of the process gets its turn. */
const BYTES_PER_TURN = 2 * 1024 * 1024;
/** Blocks that are inflated ahead of their turn. */
const AHEAD = 6;

/**
 * Packs entries into a layer in one pass: reads each content once, hashes, compresses and stores. Entries come as a layer
 * has them: sorted, parents first, hard links after their target. Memory does not grow with the layer, but for its table
 * of contents. The bytes do not depend on what is taken from an earlier layer.
 * @throws LayerError `LAYER_FILE_CHANGED`, `LAYER_FILE_UNREADABLE`; what the store throws
 */
export async function packLayer(
  entries: Iterable<PackEntry | WhiteoutEntry>,
  store: ContentWriter,
  options: PackOptions,
): Promise<IndexedLayer> {
  const { compression, level } = options;
  const packer = new Packer(options);
  const written = await store.write(
    compressBlocks(packer.blocks(entries), {
      compression,
      level,
      pool: packer.pool,
      onBlock: (chunks) => packer.list.compressed(chunks),
    }),
  );
  const toc = packer.tar.finish();
  const descriptor = { mediaType: layerMediaType(compression), ...written };
  return { descriptor, diffId: toc.diffId, toc, ...(compression === 'gzip' && { blocks: packer.list.blocks() }) };
}

/** A block of entries whose turn comes soon. */
interface Waiting {
  readonly block: EntryBlock;
  readonly found: readonly EarlierBlock[] | undefined;
  readonly inflated: Promise<readonly Buffer[] | undefined> | undefined;
}

class Packer {
  readonly pool: BlockPool = new BlockPool();
  readonly tar: TarBlocks;
  readonly list: BlockList = new BlockList();
  readonly #options: PackOptions;
  readonly #earlier: EarlierBlocks | undefined;
  #sinceTurn = 0;

  constructor(options: PackOptions) {
    const { times, readLayerContent, compression, earlier } = options;
    this.#options = options;
    this.#earlier = compression === 'gzip' ? earlier : undefined;
    this.tar = new TarBlocks({ times, pool: this.pool, readLayerContent });
  }

  async *blocks(entries: Iterable<PackEntry | WhiteoutEntry>): AsyncGenerator<Block, void> {
    const waiting: Waiting[] = [];
    for (const block of cutEntries(inOrder(entries))) {
      waiting.push(this.#prepare(block));
      const next = waiting.length > AHEAD || this.#earlier === undefined ? waiting.shift() : undefined;
      if (next !== undefined) yield* this.#pack(next);
    }
    for (const next of waiting) yield* this.#pack(next);
  }

  #prepare(block: EntryBlock): Waiting {
    const key = this.#earlier && keyOfBlock(block, this.#options.times);
    const found = key === undefined ? undefined : this.#earlier?.find(key);
    return { block, found, inflated: found && inflateBlocks(found) };
  }

  async *#pack({ block, found = [], inflated }: Waiting): AsyncGenerator<Block, void> {
    const parts = (await inflated) ?? [];
    const isTaken = parts.length > 0 && this.tar.take(block, parts);
    if (isTaken) yield* this.#taken(parts, found);
    else yield* this.#fresh(block);
    this.list.end(this.tar.takenEntries(), block.isLast);
  }

  async *#taken(parts: readonly Buffer[], found: readonly EarlierBlock[]): AsyncGenerator<Block, void> {
    for (const [index, bytes] of parts.entries()) {
      const { compressed, raw } = found[index] ?? {};
      this.list.add(bytes.length, raw);
      yield { bytes, ...(compressed && { compressed }) };
      await this.#turn(bytes.length);
    }
  }

  /** Parts of a large file are looked for by what they hold: most of it may be as it was. */
  async *#fresh(block: EntryBlock): AsyncGenerator<Block, void> {
    const isParts = block.entries.some(isLarge);
    for (const bytes of this.tar.blocks(block)) {
      const size = bytes.length;
      const raw = isParts && this.#options.compression === 'gzip' ? hash('sha256', bytes, 'hex') : undefined;
      const compressed = raw === undefined ? undefined : this.#earlier?.findRaw(raw)?.compressed;
      this.list.add(size, raw);
      yield { bytes, ...(compressed && { compressed }) };
      await this.#turn(size);
    }
  }

  async #turn(bytes: number): Promise<void> {
    this.#options.signal?.throwIfAborted();
    this.#sinceTurn += bytes;
    if (this.#sinceTurn < BYTES_PER_TURN) return;
    this.#sinceTurn = 0;
    await setImmediate();
  }
}

function* inOrder<T extends PackEntry | WhiteoutEntry>(entries: Iterable<T>): Generator<T, void> {
  const order = new OrderChecker();
  for (const entry of entries) {
    order.check(entry);
    yield entry;
  }
}
