import type { TarHeader } from './tar-header.ts';
import { TarParser } from './tar-reader.ts';

/** An entry of an archive that is being read. */
export interface TarItem {
  readonly header: TarHeader;
  /** Where the content begins in the archive. */
  readonly offset: number;
  /** To be read, if at all, before the next entry is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

type TarEvent = { readonly header: TarHeader; readonly offset: number } | Uint8Array;

/**
 * The entries of an uncompressed tar archive, in order. Where there are many small ones, {@link TarParser} is faster.
 * @throws LayerError `LAYER_TAR_CORRUPT`, `LAYER_TAR_UNSUPPORTED`
 */
export async function* tarEntries(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarItem, void> {
  const events = new TarEvents(bytes);
  try {
    for (let event = await events.next(); event !== undefined; event = await events.next()) {
      if (!(event instanceof Uint8Array)) yield { ...event, content: contentOf(events) };
    }
  } finally {
    await events.close();
  }
}

async function* contentOf(events: TarEvents): AsyncGenerator<Uint8Array, void> {
  for (let chunk = await events.nextContent(); chunk !== undefined; chunk = await events.nextContent()) yield chunk;
}

/** What the parser tells, as a queue that reads on when it is empty. */
class TarEvents {
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #queue: TarEvent[] = [];
  readonly #parser: TarParser = new TarParser({
    onEntry: (header, offset) => this.#queue.push({ header, offset }),
    onData: (chunk) => this.#queue.push(chunk),
  });
  #at = 0;
  #isOver = false;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes[Symbol.asyncIterator]();
  }

  async next(): Promise<TarEvent | undefined> {
    await this.#fill();
    return this.#queue[this.#at++];
  }

  async nextContent(): Promise<Uint8Array | undefined> {
    await this.#fill();
    const event = this.#queue[this.#at];
    if (!(event instanceof Uint8Array)) return undefined;
    this.#at++;
    return event;
  }

  async close(): Promise<void> {
    if (!this.#isOver) await this.#bytes.return?.();
  }

  async #fill(): Promise<void> {
    while (this.#at >= this.#queue.length && !this.#isOver) {
      this.#queue.length = 0;
      this.#at = 0;
      const next = await this.#bytes.next();
      if (next.done !== true) {
        this.#parser.push(next.value);
      } else {
        this.#isOver = true;
        this.#parser.end();
      }
    }
  }
}
