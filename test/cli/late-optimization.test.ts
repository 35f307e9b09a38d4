import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../src/cli/v8-settings.ts');

/** Calls a function so often, and says what V8 tells of its compilers. */
function calls(count: number, before: string): { readonly best: boolean; readonly complaints: string } {
  const text = `
import { optimizeLate } from ${JSON.stringify(MODULE)};
${before}
function often(sum, i) { return (sum * 31 + i) | 0; }
function some(first, end) { let sum = 0; for (let i = first; i < end; i++) sum = often(sum, i); return sum; }
for (let i = 0; i < ${count}; i += 50) some(i, i + 50);
`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--trace-opt', '--input-type=module', '--eval', text], {
    encoding: 'utf8',
  });
  return { best: /marking .*<JSFunction (often|some)\b.* to TURBOFAN/.test(stdout), complaints: stderr };
}

test('V8 is asked for nothing that it does not know', () => {
  expect(calls(50, 'optimizeLate();').complaints).toBe('');
});

if (process.versions.v8.startsWith('13.')) {
  test('a function of 20,000 calls is not compiled by the best compiler', () => {
    expect(calls(1_000_000, '').best).toBe(true);
    expect(calls(1_000_000, 'optimizeLate();').best).toBe(false);
  });
}
