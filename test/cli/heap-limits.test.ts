import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../src/cli/v8-settings.ts');

interface Heap {
  /** Bytes of the space for new objects. */
  readonly young: number;
  /** The most bytes that the whole heap had. */
  readonly most: number;
}

/** The heap of a program after a call that makes many objects and keeps those of the last rounds. */
function heapAfter(...beforehand: readonly string[]): Heap {
  const text = `
import { limitHeap } from ${JSON.stringify(MODULE)};
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
${beforehand.join('\n')}
const kept = [];
let most = 0;
for (let round = 0; round < 150; round++) {
  kept[round % 60] = Array.from({ length: 10_000 }, (_, i) => ({ text: 'object ' + i, more: [i] }));
  most = Math.max(most, getHeapStatistics().total_heap_size);
}
const { space_size: young } = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
console.log(JSON.stringify({ young, most }));
`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', text], { encoding: 'utf8' }),
  ) as Heap;
}

test('the heap stays nearer to what is alive than it does by itself, while one long call is carried out', () => {
  const limited = heapAfter('limitHeap();');
  const free = heapAfter();
  expect(limited.young).toBeLessThan(free.young);
  expect(limited.most).toBeLessThan(free.most);
});
