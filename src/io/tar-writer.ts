import { BLOCK_SIZE, type BlockPool } from './blocks.ts';
import { encodeTarHeader, putTarHeader, TAR_RECORD, type TarHeader, tarPadding } from './tar-header.ts';

/** Two zero records end an archive (POSIX ustar). */
export const TAR_END: Uint8Array = new Uint8Array(2 * TAR_RECORD);

const ZEROS = Buffer.alloc(TAR_RECORD);

/** Writes a tar archive into blocks of a pool; full ones wait in {@link takeFull} for whoever drives the writing. */
export class TarWriter {
  readonly #pool: BlockPool;
  #block: Buffer;
  #used = 0;
  #offset = 0;
  #full: Buffer[] = [];

  constructor(pool: BlockPool) {
    this.#pool = pool;
    this.#block = pool.take();
  }

  /** Bytes written so far, so after {@link header} where the content begins. */
  get offset(): number {
    return this.#offset;
  }

  header(header: TarHeader): void {
    // Records divide blocks, so that there is always room for one.
    if (putTarHeader(header, this.#block, this.#used)) this.advance(TAR_RECORD);
    else this.write(encodeTarHeader(header));
  }

  /** What is left of the current block, never empty: read into it and then {@link advance}. */
  space(): Buffer {
    return this.#block.subarray(this.#used);
  }

  advance(bytes: number): void {
    this.#used += bytes;
    this.#offset += bytes;
    if (this.#used === BLOCK_SIZE) this.cut();
  }

  /** Ends the current block, unless it is empty. */
  cut(): void {
    if (this.#used === 0) return;
    this.#full.push(this.#block.subarray(0, this.#used));
    this.#block = this.#pool.take();
    this.#used = 0;
  }

  /** Counts what was written elsewhere; a block must have just been cut. */
  skip(bytes: number): void {
    this.#offset += bytes;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const space = this.space();
      const part = bytes.subarray(at, at + space.length);
      space.set(part);
      this.advance(part.length);
      at += part.length;
    }
  }

  /** Fills up to a whole record, after a content. */
  pad(): void {
    this.write(ZEROS.subarray(0, tarPadding(this.#offset)));
  }

  /** Writes the end mark; the last block comes out even if it is not full. */
  end(): void {
    this.write(TAR_END);
    this.close();
  }

  /** Ends the last block. */
  close(): void {
    this.cut();
    this.#pool.give(this.#block);
  }

  takeFull(): readonly Buffer[] {
    if (this.#full.length === 0) return NONE;
    const full = this.#full;
    this.#full = [];
    return full;
  }
}

const NONE: readonly Buffer[] = [];
