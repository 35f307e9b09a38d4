/**
 * Node's decompressor stops after the first frame and says nothing (nodejs/node#64741), so a stream is cut into its
 * frames before (RFC 8878, 3.1).
 */

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const CHECKSUM_BYTES = 4;
const MAX_HEADER_BYTES = 18;

/** Finds the end of one frame; what is no frame never ends. */
export class ZstdFrameScanner {
  readonly #header: Buffer = Buffer.alloc(MAX_HEADER_BYTES);
  #filled = 0;
  #wanted = 4;
  #skip = 0;
  #read: () => void = () => this.#readMagic();
  #hasChecksum = false;
  #isDone = false;

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Looks at `chunk`, which follows what was scanned before; gives the number of its bytes that belong to the frame. */
  scan(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length && !this.#isDone) {
      const skipped = Math.min(this.#skip, chunk.length - at);
      this.#skip -= skipped;
      at += skipped;
      if (this.#skip === 0 && this.#wanted > 0) at += this.#fill(chunk.subarray(at));
      this.#isDone = this.#skip === 0 && this.#wanted === 0;
    }
    return at;
  }

  #fill(chunk: Uint8Array): number {
    const part = chunk.subarray(0, this.#wanted - this.#filled);
    this.#header.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === this.#wanted) {
      this.#filled = 0;
      this.#read();
    }
    return part.length;
  }

  /** Bytes to pass over, and then the bytes to look at, none at the end of the frame. */
  #next(skip: number, wanted: number, read: () => void): void {
    this.#skip = skip;
    this.#wanted = wanted;
    this.#read = read;
  }

  #end(skip: number): void {
    this.#next(skip, 0, () => undefined);
  }

  #readMagic(): void {
    const magic = this.#header.readUInt32LE(0);
    if (magic === MAGIC) this.#next(0, 1, () => this.#readDescriptor());
    else if ((magic & ~0xf) >>> 0 === SKIPPABLE_MAGIC) this.#next(0, 4, () => this.#end(this.#header.readUInt32LE(0)));
    else this.#end(Number.POSITIVE_INFINITY);
  }

  #readDescriptor(): void {
    const descriptor = this.#header[0] ?? 0;
    const isSingleSegment = (descriptor & 0x20) !== 0;
    this.#hasChecksum = (descriptor & 0x04) !== 0;
    const window = isSingleSegment ? 0 : 1;
    const dictionary = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
    const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    this.#next(window + dictionary + contentSize, 3, () => this.#readBlock());
  }

  #readBlock(): void {
    const header = this.#header.readUIntLE(0, 3);
    const isRepeat = ((header >> 1) & 3) === 1;
    const size = isRepeat ? 1 : header >> 3;
    if ((header & 1) === 0) this.#next(size, 3, () => this.#readBlock());
    else this.#end(size + (this.#hasChecksum ? CHECKSUM_BYTES : 0));
  }
}

/** Reads a stream frame by frame. */
export class ZstdFrames {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#iterator = bytes[Symbol.asyncIterator]();
  }

  /** Whether there are bytes left, so another frame. */
  async hasMore(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#iterator.next();
      if (next.done === true) return false;
      this.#rest = next.value;
    }
    return true;
  }

  /** The bytes of the next frame; to be read to their end before another one. */
  async *frame(): AsyncGenerator<Uint8Array, void> {
    const scanner = new ZstdFrameScanner();
    while (!scanner.isDone && (await this.hasMore())) {
      const chunk = this.#rest;
      const used = scanner.scan(chunk);
      this.#rest = chunk.subarray(used);
      yield chunk.subarray(0, used);
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}
