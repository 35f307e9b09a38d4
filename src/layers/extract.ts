import { LayerError } from '../core/errors.ts';

/** Receives the content that begins at `offset` of the layer tar, chunk by chunk; a chunk is only valid in the call. */
export type ContentSink = (offset: number, chunk: Uint8Array) => void;

/**
 * Reads some contents of a layer tar in one pass and stops after the last one. `wanted` has their offsets and sizes, as
 * a table of contents gives them.
 * @throws LayerError `LAYER_TAR_CORRUPT` when the tar is too short; what `uncompressed` throws
 */
export async function extractContents(
  uncompressed: AsyncIterable<Uint8Array>,
  wanted: ReadonlyMap<number, number>,
  sink: ContentSink,
): Promise<void> {
  const ranges = [...wanted].filter(([, size]) => size > 0).sort(([a], [b]) => a - b);
  if (ranges.length === 0) return;
  const cutter = new RangeCutter(ranges, sink);
  for await (const chunk of uncompressed) {
    cutter.push(chunk);
    if (cutter.isDone) return;
  }
  throw new LayerError('LAYER_TAR_CORRUPT', `the layer ends at ${cutter.position}, before the last content`, {
    hint: 'it is not the layer of this table of contents, or was cut short: fetch or build it again',
  });
}

class RangeCutter {
  position = 0;
  readonly #ranges: readonly (readonly [offset: number, size: number])[];
  readonly #sink: ContentSink;
  #current = 0;

  constructor(ranges: readonly (readonly [offset: number, size: number])[], sink: ContentSink) {
    this.#ranges = ranges;
    this.#sink = sink;
  }

  get isDone(): boolean {
    return this.#current === this.#ranges.length;
  }

  push(chunk: Uint8Array): void {
    const end = this.position + chunk.byteLength;
    for (
      let range = this.#ranges[this.#current];
      range !== undefined && range[0] < end;
      range = this.#ranges[this.#current]
    ) {
      const [offset, size] = range;
      const from = Math.max(offset - this.position, 0);
      const to = Math.min(offset + size, end) - this.position;
      this.#sink(offset, chunk.subarray(from, to));
      if (offset + size > end) break;
      this.#current++;
    }
    this.position = end;
  }
}
