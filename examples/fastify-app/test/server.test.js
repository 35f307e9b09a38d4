import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

test('the command of package.json starts what is there', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const program = scripts.start.replace('node ', '');
  assert.ok(existsSync(new URL(`../${program}`, import.meta.url)));
});
