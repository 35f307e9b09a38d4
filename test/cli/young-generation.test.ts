import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../src/cli/young-generation.ts');
const IMPORT = `import { limitYoungGeneration } from ${JSON.stringify(MODULE)};`;

/** Keeps many small objects, and says how large the space for new ones was at the mark and is at the end. */
function youngBytes(program: string): { readonly marked: number; readonly last: number } {
  const text = `
${IMPORT}
import { setImmediate } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
const kept = [];
const keep = (count) => {
  for (let i = 0; i < count; i++) kept.push({ text: 'object ' + i, more: [i] });
};
const young = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
let marked = 0;
${program}
console.log(JSON.stringify({ marked, last: young() }));
`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', text], { encoding: 'utf8' });
  return JSON.parse(output) as ReturnType<typeof youngBytes>;
}

const IN_TURNS = 'for (let round = 0; round < 100; round++) { keep(10_000); await setImmediate(); }';

test('the young generation stops growing, which it does not by itself', () => {
  const limited = youngBytes(`limitYoungGeneration(); ${IN_TURNS}`).last;
  expect(limited).toBeLessThanOrEqual(20 * 1024 * 1024);
  expect(youngBytes(IN_TURNS).last).toBeGreaterThan(limited);
});

test('it stops at once where it has grown enough, whether anything else gets its turn or not', () => {
  const grown = 'while (young() < 8 * 1024 * 1024) keep(10_000);';
  const { marked, last } = youngBytes(`${grown} limitYoungGeneration(); marked = young(); keep(1_000_000);`);
  expect(last).toBe(marked);
  expect(youngBytes(`${grown} keep(1_000_000);`).last).toBeGreaterThan(marked);
});
