import type { Transform } from 'node:stream';
import { BLOCK_SIZE } from './blocks.ts';
import { freeMemory } from './free-memory.ts';
import { createLimit, type Limit } from './limit.ts';

/** Streams of node:zlib that answer each write with all that comes of it. */
export interface BlockStreams<S extends Transform = Transform> {
  /** Bytes of the output buffer of a stream: room for one block at least. Default: for a few. */
  readonly room?: number;
  /** Opens one whose output buffers have `chunkSize` bytes. */
  open(chunkSize: number): S;
  /** Makes it forget the block before. */
  reset?(stream: S): void;
}

const A_FEW_BLOCKS = 2 * BLOCK_SIZE;
/** For streams that decompress: room for the largest block. */
export const ONE_BLOCK: number = BLOCK_SIZE + 1;
/** As many as libuv has threads: more would wait there. */
const STREAMS = 4;

/**
 * Compresses or decompresses blocks, each by itself, on libuv's thread pool. Its few streams are used again and again:
 * opening one for each block costs a tenth more, and its memory would lie about until the garbage collector comes.
 *
 * What comes of a block can depend on whether there was room for all of it, so a stream is given up before its output
 * buffer could be too short. The bytes depend on the block alone.
 */
export class BlockCodec<S extends Transform = Transform> {
  readonly #streams: BlockStreams<S>;
  readonly #idle: BlockEngine<S>[] = [];
  readonly #limit: Limit = createLimit(STREAMS);
  #isClosed = false;

  constructor(streams: BlockStreams<S>) {
    this.#streams = streams;
  }

  /**
   * What comes of `block`: in `target`, which may be the memory of the block itself, or where that is too short in memory
   * of its own. Rejects what is damaged, and what gives more than `most` bytes.
   */
  run(block: Buffer, { most, target }: { readonly most: number; readonly target: Buffer }): Promise<Buffer> {
    return this.#limit.run(async () => {
      const engine = this.#engineFor(most);
      try {
        const output = await engine.run(block);
        if (output.length > most) throw new RangeError(`a block of more than ${most} bytes`);
        const room = output.length <= target.length ? target : Buffer.allocUnsafeSlow(output.length);
        output.copy(room);
        this.#rest(engine);
        return room.subarray(0, output.length);
      } catch (error) {
        engine.close();
        throw error;
      }
    });
  }

  /** Closes the streams; those at work when they have ended. */
  close(): void {
    this.#isClosed = true;
    for (const engine of this.#idle.splice(0)) engine.close();
  }

  #engineFor(most: number): BlockEngine<S> {
    const engine = this.#idle.pop();
    if (engine !== undefined && engine.left > most) return engine;
    engine?.close();
    return new BlockEngine(this.#streams);
  }

  #rest(engine: BlockEngine<S>): void {
    if (this.#isClosed) engine.close();
    else this.#idle.push(engine);
  }
}

/** What no compression exceeds; blocks that do not shrink are not grown by more than a few bytes for each 16 KiB. */
export function mostCompressed(bytes: number): number {
  return bytes + Math.floor(bytes / 8) + 1024;
}

const NOTHING = Buffer.alloc(0);

class BlockEngine<S extends Transform> {
  readonly #streams: BlockStreams<S>;
  readonly #stream: S;
  #left: number;
  #output: Buffer = NOTHING;
  #fail: (error: Error) => void = () => undefined;

  constructor(streams: BlockStreams<S>) {
    this.#streams = streams;
    this.#left = streams.room ?? A_FEW_BLOCKS;
    this.#stream = streams.open(this.#left);
    this.#stream.on('error', (error) => this.#fail(error));
    this.#stream.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  /** Room in the output buffer. */
  get left(): number {
    return this.#left;
  }

  /** The output is good until the next call. */
  async run(block: Buffer): Promise<Buffer> {
    this.#output = this.#output.subarray(0, 0);
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      this.#stream.write(block, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    this.#streams.reset?.(this.#stream);
    return this.#output;
  }

  /** To be called when it is not at work: gives the output buffer back at once. */
  close(): void {
    this.#stream.destroy();
    freeMemory(this.#output);
    this.#output = NOTHING;
  }

  #take(chunk: Buffer): void {
    this.#left -= chunk.length;
    if (this.#left <= 0) this.#stream.destroy(new RangeError('a block has no room in the output buffer'));
    else this.#output = chunk;
  }
}
