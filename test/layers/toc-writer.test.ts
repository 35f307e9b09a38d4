import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { TocFileEntry } from '../../src/core/toc.ts';
import { digestOf } from '../../src/io/hash.ts';
import { TocWriter } from '../../src/layers/toc-writer.ts';

const COUNT = 50_000;

function fileAt(number: number): TocFileEntry {
  const path = `app/modules/package-${Math.floor(number / 50)}/file-${number}.txt`;
  const digest = digestOf(Buffer.from(path));
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 1, size: 4096, digest, offset: number * 4608 + 512 };
}

describe('TocWriter', () => {
  test('keeps fewer bytes of an entry than an object would take', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heldBytes = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = heldBytes();
    const writer = new TocWriter();
    for (let number = 0; number < COUNT; number++) writer.add(fileAt(number));
    expect((heldBytes() - before) / COUNT).toBeLessThan(100);
    // It is still in use here.
    writer.add(fileAt(COUNT));
  });
});
