import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzip } from '../../src/io/gzip.ts';
import { DigestCounter } from '../../src/io/hash.ts';
import { zstd } from '../../src/io/zstd.ts';
import { quote } from '../measure/measure.ts';
import { createRandom } from '../workloads/random.ts';
import { createRandomText } from '../workloads/random-text.ts';
import type { Counterpart, MicroCase, MicroInputs } from './micro-case.ts';

const MIB = 1 << 20;

/** Hashing and compression of text in memory, against programs that read a cached file. */
export function byteCases({ scratch, size }: MicroInputs): MicroCase[] {
  const text = createRandomText(createRandom(3));
  const chunks = Array.from({ length: size(128) }, () => text(MIB));
  const file = join(scratch, 'text');
  writeFileSync(file, Buffer.concat(chunks));
  const amount = chunks.length * MIB;
  const common = { what: `${chunks.length} MiB of text`, amount, unit: 'B' } as const;
  const beside = (name: string, script: string): Counterpart => ({
    ...{ name, needs: [name.split(' ')[0] ?? ''] },
    script: `${script} < ${quote(file)} > /dev/null`,
  });
  return [
    { ...common, name: 'hash', run: () => hashAll(chunks), counterpart: beside('sha256sum', 'sha256sum') },
    {
      ...{ ...common, name: 'gzip, level 6', run: () => drain(gzip(chunks)) },
      counterpart: beside('pigz -6 -p2', 'pigz -6 -p 2'),
    },
    { ...common, name: 'zstd, level 3', run: () => drain(zstd(chunks)), counterpart: beside('zstd -3', 'zstd -q -3') },
  ];
}

function hashAll(chunks: readonly Buffer[]): void {
  const counter = new DigestCounter();
  for (const chunk of chunks) counter.update(chunk);
  counter.finish();
}

/** Reads all and keeps nothing; gives the number of bytes. */
export async function drain(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let count = 0;
  for await (const chunk of bytes) count += chunk.length;
  return count;
}
