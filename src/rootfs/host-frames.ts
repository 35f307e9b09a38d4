import type { LogChunk } from '../core/sandbox.ts';

/** What passes between the sandbox host and its client: a JSON message, or raw bytes of a run's log. */
export type Frame =
  | { readonly kind: 'message'; readonly message: unknown }
  | { readonly kind: 'log'; readonly call: number; readonly chunk: LogChunk };

/** Length of what follows (4 bytes, big-endian), then one byte that says what it is. */
const HEADER = 5;
const KIND_MESSAGE = 0;
const KIND_LOG = { stdout: 1, stderr: 2 } as const;

export function encodeMessage(message: unknown): Buffer {
  const text = JSON.stringify(message);
  const frame = Buffer.allocUnsafe(HEADER + Buffer.byteLength(text));
  writeHeader(frame, KIND_MESSAGE);
  frame.write(text, HEADER);
  return frame;
}

export function encodeLog(call: number, { stream, bytes }: LogChunk): Buffer {
  const frame = Buffer.allocUnsafe(HEADER + 4 + bytes.byteLength);
  writeHeader(frame, KIND_LOG[stream]);
  frame.writeUInt32BE(call, HEADER);
  frame.set(bytes, HEADER + 4);
  return frame;
}

function writeHeader(frame: Buffer, kind: number): void {
  frame.writeUInt32BE(frame.length - HEADER, 0);
  frame.writeUInt8(kind, 4);
}

/** Cuts a byte stream into frames, however its chunks fall. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  *push(chunk: Buffer): Generator<Frame, void> {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    for (;;) {
      const body = this.#nextBody();
      if (body === undefined) return;
      yield decodeFrame(body.kind, body.bytes);
    }
  }

  #nextBody(): { readonly kind: number; readonly bytes: Buffer } | undefined {
    if (this.#size < HEADER) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < HEADER) this.#join();
    const length = this.#chunks[0]?.readUInt32BE(0) ?? 0;
    if (this.#size < HEADER + length) return undefined;
    const all = this.#join();
    const rest = all.subarray(HEADER + length);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return { kind: all.readUInt8(4), bytes: all.subarray(HEADER, HEADER + length) };
  }

  /** Large frames arrive in many chunks: they are joined once, when they are whole. */
  #join(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

function decodeFrame(kind: number, bytes: Buffer): Frame {
  if (kind === KIND_MESSAGE) return { kind: 'message', message: JSON.parse(bytes.toString('utf8')) };
  const stream = kind === KIND_LOG.stdout ? 'stdout' : 'stderr';
  return { kind: 'log', call: bytes.readUInt32BE(0), chunk: { stream, bytes: bytes.subarray(4) } };
}
