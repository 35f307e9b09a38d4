import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Digest } from '../core/digest.ts';
import type { IndexedLayer } from '../core/image.ts';
import { type Compression, layerMediaType } from '../core/media-types.ts';
import type { ContentWriter } from '../core/ports.ts';
import type { PackEntry, WhiteoutEntry } from '../core/toc.ts';
import { type Block, BlockPool } from '../io/blocks.ts';
import { keyOfBlock, keyOfPacked } from './block-key.ts';
import { BlockList } from './block-list.ts';
import { compressBlocks, firstBlockAt } from './compress.ts';
import { cutEntries, type EntryBlock, EntryCutter, isLarge } from './cut-entries.ts';
import type { EarlierBlock, EarlierBlocks } from './earlier-blocks.ts';
import { withKeptContents } from './kept-contents.ts';
import { OrderChecker } from './pack-order.ts';
import type { ReadLayerContent } from './packed-content.ts';
import { requireStorable } from './storable.ts';
import { TarBlocks, type TimePolicy } from './tar-blocks.ts';

export interface PackOptions {
  readonly times: TimePolicy;
  readonly compression: Compression;
  /** Default: 6 for gzip, 3 for zstd. */
  readonly level?: number | undefined;
  /** Needed where a source is in another layer. */
  readonly readLayerContent?: ReadLayerContent | undefined;
  /** Blocks of an earlier layer, compressed alike: those that did not change are taken as they are. */
  readonly earlier?: EarlierBlocks | undefined;
  /** For whoever packs one layer after the other. Default: one for this layer. */
  readonly pool?: BlockPool | undefined;
  /** Told of the digest of each regular file whose content was not taken from an earlier layer as it is. */
  readonly onRead?: ((entry: PackEntry, digest: Digest) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type EntrySource = Iterable<PackEntry | WhiteoutEntry> | AsyncIterable<PackEntry | WhiteoutEntry>;

/** Bytes of tar after which other work of the process gets its turn. */
const BYTES_PER_TURN = 512 * 1024;
/** Blocks that are looked for ahead of their turn, and whose first part is decompressed. */
const AHEAD = 2;

/**
 * Packs entries into a layer in one pass: reads each content once, hashes, compresses and stores. Entries come as a layer
 * has them: sorted, parents first, hard links after their target. Memory does not grow with the layer, but for its table
 * of contents. The bytes do not depend on what is taken from an earlier layer. Entries that must be waited for come as an
 * async iterable, which costs a little for each.
 * @throws LayerError `LAYER_FILE_CHANGED`, `LAYER_FILE_UNREADABLE`, and as {@link requireStorable} does; what `entries` and the store throw
 */
export async function packLayer(
  entries: EntrySource,
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
      onBlock: (block) => packer.list.compressed(block),
    }),
  );
  if (options.pool === undefined) packer.pool.clear();
  const toc = packer.tar.finish();
  const descriptor = { mediaType: layerMediaType(compression), ...written };
  return { descriptor, diffId: toc.diffId, toc, blocks: packer.list.blocks(firstBlockAt(compression)) };
}

/** A block of entries whose turn comes soon. */
interface Waiting {
  readonly block: EntryBlock;
  readonly key: string | undefined;
  readonly found: EarlierBlock | undefined;
  /** For a block that was not found: where its contents may lie. */
  readonly nearby: Promise<readonly Buffer[]> | undefined;
}

class Packer {
  readonly pool: BlockPool;
  readonly tar: TarBlocks;
  readonly list: BlockList = new BlockList();
  readonly #options: PackOptions;
  #sinceTurn = 0;

  constructor(options: PackOptions) {
    const { times, readLayerContent, onRead, pool = new BlockPool() } = options;
    this.pool = pool;
    this.#options = options;
    this.tar = new TarBlocks({ times, pool, readLayerContent, onRead });
  }

  async *blocks(entries: EntrySource): AsyncGenerator<Block, void> {
    const waiting: Waiting[] = [];
    const cut = Symbol.asyncIterator in entries ? cutAsTheyCome(entries) : cutEntries(inOrder(entries));
    for await (const block of cut) {
      waiting.push(this.#prepare(block));
      const next = waiting.length > AHEAD || this.#options.earlier === undefined ? waiting.shift() : undefined;
      if (next !== undefined) yield* this.#pack(next);
    }
    for (const next of waiting) yield* this.#pack(next);
  }

  #prepare(block: EntryBlock): Waiting {
    const { earlier, times } = this.#options;
    const key = earlier && keyOfBlock(block, times);
    const found = key === undefined ? undefined : earlier?.find(key, this.pool);
    const isMissed = key !== undefined && found === undefined && !block.entries.some(isLarge);
    return { block, key, found, nearby: isMissed ? earlier?.nearby(this.pool) : undefined };
  }

  async *#pack({ block, key, found, nearby }: Waiting): AsyncGenerator<Block, void> {
    const isTaken = found !== undefined && (yield* this.#taken(block, found));
    if (!isTaken) yield* this.#changed(block, (await nearby) ?? []);
    const packed = this.tar.takePacked();
    this.list.end(key ?? keyOfPacked(packed, block.isLast));
  }

  /** Answers whether all parts were sound: if not, the others are left to be packed. */
  async *#taken(block: EntryBlock, { size, parts }: EarlierBlock): AsyncGenerator<Block, boolean> {
    let left = size;
    for await (const { bytes, compressed, raw } of parts) {
      if (left === size && !this.tar.take(block, { size, first: bytes })) return false;
      this.tar.addPart(bytes);
      const { length } = bytes;
      left -= length;
      this.list.add(length, raw);
      yield { bytes, compressed };
      await this.#turn(length);
    }
    return left === 0;
  }

  async *#changed(block: EntryBlock, nearby: readonly Buffer[]): AsyncGenerator<Block, void> {
    yield* this.#fresh(withKeptContents(block, nearby));
    for (const memory of nearby) this.pool.give(memory);
  }

  /** Parts of a large file are looked for by what they hold: most of it may be as it was. */
  async *#fresh(block: EntryBlock): AsyncGenerator<Block, void> {
    const isParts = block.entries.some(isLarge);
    for (const bytes of this.tar.blocks(block)) {
      const size = bytes.length;
      const raw = isParts ? hash('sha256', bytes, 'hex') : undefined;
      const compressed = raw === undefined ? undefined : this.#options.earlier?.findRaw(raw, this.pool);
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

async function* cutAsTheyCome(
  entries: AsyncIterable<PackEntry | WhiteoutEntry>,
): AsyncGenerator<EntryBlock<PackEntry | WhiteoutEntry>, void> {
  const order = new OrderChecker();
  const cutter = new EntryCutter<PackEntry | WhiteoutEntry>();
  for await (const entry of entries) {
    order.check(entry);
    requireStorable(entry);
    for (const block of cutter.add(entry)) yield block;
  }
  yield cutter.end();
}

function* inOrder<T extends PackEntry | WhiteoutEntry>(entries: Iterable<T>): Generator<T, void> {
  const order = new OrderChecker();
  for (const entry of entries) {
    order.check(entry);
    requireStorable(entry);
    yield entry;
  }
}
