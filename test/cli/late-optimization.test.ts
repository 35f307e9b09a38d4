import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../src/cli/v8-settings.ts');

/**
 * Calls a function so often, and says what V8 tells of its compilers. They do not work beside the program: on a busy machine,
 * V8 would wait for them and go on counting.
 */
function calls(count: number, before: string): { readonly best: boolean; readonly complaints: string } {
  const text = `
import { optimizeLate } from ${JSON.stringify(MODULE)};
${before}
new Uint32Array(${count}).reduce(function often(sum, _, i) { return (sum * 31 + i) | 0; });
`;
  const flags = ['--trace-opt', '--no-concurrent-recompilation', '--input-type=module', '--eval'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, text], { encoding: 'utf8' });
  return { best: /marking .*<JSFunction often\b.* to TURBOFAN/.test(stdout), complaints: stderr };
}

test('V8 is asked for nothing that it does not know', () => {
  expect(calls(50, 'optimizeLate();').complaints).toBe('');
});

if (process.versions.v8.startsWith('13.')) {
  test('a function of 20,000 calls is not compiled by the best compiler', () => {
    expect(calls(20_000, '').best).toBe(true);
    expect(calls(20_000, 'optimizeLate();').best).toBe(false);
  });
}
