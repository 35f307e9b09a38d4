import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ANYBODY, BUILD, type Failure, FILES, ON_A_FULL_DISK, WITHOUT_RIGHTS } from '../support/failing-commands.ts';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { tempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));

const user = findOrdinaryUser();

function project(): string {
  const folder = tempDir(FILES);
  for (const path of ['secret/Dockerfile', 'hidden/file', 'ignored/.dockerignore'])
    chmodSync(`${folder}/${path}`, 0o000);
  if (user !== undefined && process.getuid?.() === 0) chownSync(folder, user.uid, user.gid);
  chmodSync(`${folder}/closed`, 0o700);
  return folder;
}

function outcomeOf({ args, around = 'exec "$@"', env }: Failure, as: 'user' | undefined) {
  const cwd = project();
  const command = ['sh', '-c', around, 'sh', process.execPath, CLI, ...args];
  const [program = '', ...rest] = as === undefined || user === undefined ? command : user.commandLine(command);
  const home = as === undefined ? {} : { HOME: user?.home };
  const options = { cwd, encoding: 'utf8', env: { ...process.env, ...home, ...env }, input: '' } as const;
  const { status, stderr } = spawnSync(program, rest, options);
  const left = readdirSync(cwd).filter((name) => !['cache', ...Object.keys(FILES).map(folderOf)].includes(name));
  return { status, stderr, left };
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function expectTold(failure: Failure, as?: 'user'): void {
  const { status, stderr, left } = outcomeOf(failure, as);
  expect({ status, left }).toEqual({ status: failure.exitCode, left: [] });
  expect(stderr).toMatch(failure.says);
  expect(stderr).toMatch(/^hint: /m);
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(failure.code);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
}

describe('a command that fails says what failed, where, and what to do next', () => {
  it.each(ANYBODY)('with $title', (failure) => expectTold(failure));
});

if (user !== undefined && process.getuid?.() === 0) {
  describe('an ordinary user is told', () => {
    it.each([...ANYBODY, ...WITHOUT_RIGHTS])('of $title', (failure) => expectTold(failure, 'user'));
  });
}

if (process.getuid?.() === 0) {
  describe('a full disk is told', () => {
    const mounted = 'mount -t tmpfs -o size=64k tmpfs small && exec "$@"';
    it.each(ON_A_FULL_DISK)('for $title', (failure) => {
      expectTold({ ...failure, around: `exec unshare --mount sh -c '${mounted}' sh "$@"` });
    });
  });
}

describe('a command does what it should', () => {
  it.each<[string, string, Readonly<Record<string, string | undefined>>]>([
    ['a closed standard input', '"$@" <&-', {}],
    ['a closed standard output', '"$@" >&-', {}],
    ['a closed standard error', '"$@" 2>&-', {}],
    ['a reader that wants one line', 'set -o pipefail; "$@" --progress plain 2>&1 | head -n 1', {}],
    ['a temporary folder that is not there', '"$@"', { TMPDIR: '/nonexistent' }],
    ['no home', '"$@"', { HOME: undefined }],
  ])('with %s', (_, around, env) => {
    const cwd = project();
    const command = ['-c', around, 'bash', process.execPath, CLI, ...BUILD, 'app'];
    const { status, stderr } = spawnSync('bash', command, { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
    expect({ status, crash: /^\s+at .*:\d+:\d+/m.test(stderr) }).toEqual({ status: 0, crash: false });
  });
});
