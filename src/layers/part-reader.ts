import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { PackedBlock } from '../core/image.ts';
import type { Compression } from '../core/media-types.ts';
import type { BlockCodec } from '../io/block-codec.ts';
import type { BlockPool, CompressedBlock } from '../io/blocks.ts';
import { createInflater } from '../io/gzip.ts';
import { createFrameReader } from '../io/zstd.ts';

/** A part of a block as it lies in a layer, in memory of a pool. */
export interface EarlierPart {
  /** Bytes of the tar. */
  readonly bytes: Buffer;
  readonly compressed: CompressedBlock;
  /** As in {@link PackedBlock}. */
  readonly raw?: string;
}

/** Reads parts of the blob of a layer, which is a file. What is damaged or gone is `undefined`. */
export class PartReader {
  readonly #fd: number;
  readonly #codec: BlockCodec | undefined;

  /** @throws as `open` does */
  constructor(blob: string, compression: Compression) {
    this.#fd = openSync(blob, 'r');
    this.#codec = codecOf(compression);
  }

  /** A part as it is compressed, verified. */
  readCompressed({ size, offset, digest }: PackedBlock, pool: BlockPool): CompressedBlock | undefined {
    try {
      const memory = pool.take(size);
      const compressed = memory.subarray(0, readSync(this.#fd, memory, 0, size, offset));
      return hash('sha256', compressed, 'hex') === digest ? { chunks: [compressed], digest } : undefined;
    } catch {
      return undefined;
    }
  }

  /** A part with its tar bytes; the file has been read when this returns. */
  async read(part: PackedBlock, pool: BlockPool): Promise<EarlierPart | undefined> {
    const compressed = this.readCompressed(part, pool);
    if (compressed === undefined) return undefined;
    try {
      const bytes = await this.#decompress(compressed, part.rawSize, pool);
      return { bytes, compressed, ...(part.raw !== undefined && { raw: part.raw }) };
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#codec?.close();
    closeSync(this.#fd);
  }

  /** @throws when the part is another one */
  async #decompress({ chunks }: CompressedBlock, rawSize: number, pool: BlockPool): Promise<Buffer> {
    const [compressed = NOTHING] = chunks;
    const target = pool.take();
    if (rawSize > target.length) throw new RangeError(`a block of ${rawSize} bytes`);
    const bytes = (await this.#codec?.run(compressed, { most: rawSize, target })) ?? copyTo(target, compressed);
    if (bytes.length !== rawSize) throw new RangeError(`a block of ${bytes.length} bytes in place of ${rawSize}`);
    return bytes;
  }
}

const NOTHING = Buffer.alloc(0);

function codecOf(compression: Compression): BlockCodec | undefined {
  if (compression === 'none') return undefined;
  return compression === 'gzip' ? createInflater() : createFrameReader();
}

function copyTo(target: Buffer, bytes: Buffer): Buffer {
  return target.subarray(0, bytes.copy(target));
}
