import { createHash } from 'node:crypto';
import type { PackedBlock } from '../core/image.ts';
import type { CompressedBlock } from '../io/blocks.ts';

type Compressed = Pick<PackedBlock, 'size' | 'digest'>;
type Raw = Pick<PackedBlock, 'rawSize' | 'raw'>;

/** Collects where the blocks of a layer lie while it is written. */
export class BlockList {
  readonly #raw: (Raw & Pick<PackedBlock, 'key'>)[] = [];
  readonly #compressed: Compressed[] = [];
  #parts: Raw[] = [];

  /** A block that goes to be compressed. */
  add(rawSize: number, raw: string | undefined): void {
    this.#parts.push({ rawSize, ...(raw !== undefined && { raw }) });
  }

  /** What was added since the last end has this key. */
  end(key: string): void {
    for (const part of this.#parts) this.#raw.push({ key, ...part });
    this.#parts = [];
  }

  /** Told of compressed blocks in their order. */
  compressed({ chunks, digest }: CompressedBlock): void {
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#compressed.push({ size, digest: digest ?? digestOfChunks(chunks) });
  }

  /** To be called when all blocks are compressed. The first one lies at `start`. */
  blocks(start: number): PackedBlock[] {
    let offset = start;
    return this.#compressed.flatMap((compressed, index) => {
      const raw = this.#raw[index];
      const at = offset;
      offset += compressed.size;
      return raw === undefined ? [] : [{ ...raw, offset: at, ...compressed }];
    });
  }
}

function digestOfChunks(chunks: readonly Buffer[]): string {
  const digest = createHash('sha256');
  for (const chunk of chunks) digest.update(chunk);
  return digest.digest('hex');
}
