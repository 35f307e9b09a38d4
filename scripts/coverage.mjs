// Writes docs/coverage.md from the golden and differential cases; with --check it only says whether the file is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { coverageTable } from '../test/golden/coverage.ts';

const target = new URL('../docs/coverage.md', import.meta.url);
const text = coverageTable();

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('docs/coverage.md is stale: run `node scripts/coverage.mjs`');
  process.exitCode = 1;
}
