import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeLog, encodeMessage, type Frame, FrameReader } from '../../src/rootfs/host-frames.ts';

const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.jsonValue().map((message): Frame => ({ kind: 'message', message: JSON.parse(JSON.stringify(message)) })),
  fc
    .record({
      call: fc.nat(0xffffffff),
      stream: fc.constantFrom('stdout' as const, 'stderr' as const),
      bytes: fc.uint8Array({ maxLength: 300 }),
    })
    .map(({ call, stream, bytes }): Frame => ({ kind: 'log', call, chunk: { stream, bytes } })),
);

function encode(frame: Frame): Buffer {
  return frame.kind === 'message' ? encodeMessage(frame.message) : encodeLog(frame.call, frame.chunk);
}

/** Bytes as plain arrays, so that views and copies compare equal. */
function plain(frame: Frame): unknown {
  return frame.kind === 'message' ? frame : { ...frame, chunk: { ...frame.chunk, bytes: [...frame.chunk.bytes] } };
}

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(anyFrame), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (frames, sizes) => {
        const stream = Buffer.concat(frames.map(encode));
        const reader = new FrameReader();
        const read: Frame[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          read.push(...reader.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(read.map(plain)).toEqual(frames.map(plain));
      }),
    );
  });
});
