import { createHash } from 'node:crypto';
import type { PackedBlock } from '../core/image.ts';
import type { TocEntry } from '../core/toc.ts';
import { GZIP_HEADER_BYTES } from '../io/gzip.ts';
import { keyOfPacked } from './block-key.ts';

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

  /** What was added since the last end is these entries. */
  end(entries: readonly TocEntry[], isLast: boolean): void {
    const key = keyOfPacked(entries, isLast);
    for (const part of this.#parts) this.#raw.push({ key, ...part });
    this.#parts = [];
  }

  /** Told of compressed blocks in their order. */
  compressed(chunks: readonly Buffer[]): void {
    const digest = createHash('sha256');
    let size = 0;
    for (const chunk of chunks) {
      digest.update(chunk);
      size += chunk.length;
    }
    this.#compressed.push({ size, digest: digest.digest('hex') });
  }

  /** To be called when all blocks are compressed. */
  blocks(): PackedBlock[] {
    let offset = GZIP_HEADER_BYTES;
    return this.#compressed.flatMap((compressed, index) => {
      const raw = this.#raw[index];
      const at = offset;
      offset += compressed.size;
      return raw === undefined ? [] : [{ ...raw, offset: at, ...compressed }];
    });
  }
}
