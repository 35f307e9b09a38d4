import { createCipheriv } from 'node:crypto';
import { createRandomText } from './random-text.ts';
import type { Workload } from './workload.ts';

const MIB = 1 << 20;
const FILES = 8;
const MIB_PER_FILE = 128;

/** COPY of 1 GiB: every other file is text, the rest does not compress. */
export const largeFiles: Workload = {
  id: 'W2',
  title: 'COPY of 1 GiB in 8 files, half of it random',
  runs: false,
  editedFile: 'data/big0.bin',
  write(context, { size }, random) {
    const text = createRandomText(random);
    const parts = size(MIB_PER_FILE);
    for (let i = 0; i < FILES; i++) {
      context.file(`data/big${i}.bin`, i % 2 === 0 ? textParts(parts, text) : noiseParts(parts, i));
    }
    context.file('Dockerfile', 'FROM scratch\nCOPY data /app\n');
  },
};

function* textParts(parts: number, text: (bytes: number) => Buffer): Generator<Buffer> {
  for (let i = 0; i < parts; i++) yield text(MIB);
}

/** A cipher's key stream: random to every compressor, and the same each time. */
function* noiseParts(parts: number, seed: number): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  for (let i = 0; i < parts; i++) yield cipher.update(zeros);
}
