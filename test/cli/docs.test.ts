import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/commands.ts';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test('docs/cli.md says what the option table says', async () => {
  const script = join(root, 'scripts/docs.mjs');
  const { stderr } = await promisify(execFile)(process.execPath, [script, '--check']);
  expect(stderr).toBe('');
});

test('every code in docs/errors.md exists, and the exit codes of the README are those of the command line', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
    .join('\n');
  const table = read('docs/errors.md').split('## What to do')[1] ?? '';
  const codes = [...table.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map((match) => match[1]);
  expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  for (const { code, meaning } of EXIT_CODES.filter((row) => row.code < 10)) {
    expect(read('README.md').replaceAll(/ +/g, ' ')).toContain(`| ${code} | ${meaning} |`);
  }
});

test('every option that the README uses is known', async () => {
  const used = [...read('README.md').matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map((match) => match[1] ?? '');
  const commands = await Promise.all(COMMANDS.map((entry) => entry.load()));
  const known = new Set(commands.flatMap((command) => command.options.map((row) => row.name)));
  // Flags of Dockerfile instructions, of npm, and refused options that the limits name.
  const others = ['from', 'chown', 'chmod', 'link', 'parents', 'exclude', 'mount', 'security', 'device', 'save-dev'];
  expect(used.filter((name) => !known.has(name) && !others.includes(name))).toEqual([]);
});

test('the example of the README is the one that is type-checked', () => {
  const [, block] = /```ts\n(.*?)```/s.exec(read('README.md')) ?? [];
  expect(block).toBe(read('examples/library/build.ts').replace('../../src/index.ts', 'lamella'));
});
