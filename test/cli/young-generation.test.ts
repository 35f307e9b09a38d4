import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../src/cli/young-generation.ts');

/** Keeps many small objects, and says how large the space for new ones has become. */
const PROGRAM = `
import { setImmediate } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
const kept = [];
for (let round = 0; round < 100; round++) {
  for (let i = 0; i < 10_000; i++) kept.push({ round, text: 'object ' + i, more: [i] });
  await setImmediate();
}
console.log(getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size);
`;

function youngBytes(before: string): number {
  const args = ['--input-type=module', '--eval', `${before}\n${PROGRAM}`];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('the young generation stops growing, which it does not by itself', () => {
  const limited = youngBytes(`import { limitYoungGeneration } from ${JSON.stringify(MODULE)}; limitYoungGeneration();`);
  expect(limited).toBeLessThanOrEqual(20 * 1024 * 1024);
  expect(youngBytes('')).toBeGreaterThan(limited);
});
