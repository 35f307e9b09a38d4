import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { tempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));

/** What everybody who fails is told: what, with which value, what to do, by which code. */
interface Failure {
  readonly title: string;
  /** In the folder of {@link FILES}. */
  readonly args: readonly string[];
  /** A shell's line around the command, `"$@"`. */
  readonly around?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly exitCode: number;
  readonly code: string;
  /** Of the message. */
  readonly says: RegExp;
}

const FILES = {
  'app/Dockerfile': 'FROM scratch\nCOPY file /file\n',
  'app/file': 'content',
  'secret/Dockerfile': 'FROM scratch\n',
  'full/other': 'in the way',
  'closed/none': '',
  'empty/none': '',
  'small/none': '',
  'big/Dockerfile': 'FROM scratch\nCOPY file /file\n',
  'big/file': randomBytes(256 * 1024),
};

const CACHE = ['--cache-dir', 'cache'];
const BUILD = ['build', ...CACHE];

const ANYBODY: readonly Failure[] = [
  {
    title: 'a wrong command',
    args: ['biuld', 'app'],
    exitCode: 2,
    code: 'OPTION_UNKNOWN_COMMAND',
    says: /unknown command "biuld"/,
  },
  {
    title: 'a wrong flag',
    args: ['doctor', '--jsno'],
    exitCode: 2,
    code: 'OPTION_UNKNOWN',
    says: /unknown option "--jsno"/,
  },
  {
    title: 'a missing context',
    args: [...BUILD, 'none'],
    exitCode: 5,
    code: 'CONTEXT_NOT_FOUND',
    says: /"\/.*\/none" does not exist/,
  },
  {
    title: 'a missing Dockerfile',
    args: [...BUILD, '-f', 'none', 'app'],
    exitCode: 5,
    code: 'CONTEXT_NO_DOCKERFILE',
    says: /"\/.*\/none" does not exist/,
  },
  {
    title: 'the bill of materials of a missing folder',
    args: ['sbom', 'none'],
    exitCode: 5,
    code: 'CONTEXT_NOT_FOUND',
    says: /"\/.*\/none" does not exist/,
  },
  {
    title: 'the Dockerfile of a missing project',
    args: ['init', 'none'],
    exitCode: 5,
    code: 'CONTEXT_NOT_FOUND',
    says: /"\/.*\/none" does not exist/,
  },
  {
    title: 'the Dockerfile of what is no project',
    args: ['init', 'empty'],
    exitCode: 1,
    code: 'STEP_NPM_NO_MANIFEST',
    says: /no package\.json in "\/.*\/empty"/,
  },
  {
    title: 'an output folder with other files',
    args: [...BUILD, '-o', 'type=oci-layout,dest=full', 'app'],
    exitCode: 2,
    code: 'OPTION_OUTPUT_NOT_EMPTY',
    says: /\/full is not empty/,
  },
  {
    title: 'an archive where a folder is',
    args: [...BUILD, '-o', 'type=oci,dest=full', 'app'],
    exitCode: 9,
    code: 'HOST_IS_A_DIRECTORY',
    says: /cannot write \/.*\/full/,
  },
  {
    title: 'no registry',
    args: [...BUILD, '-t', '127.0.0.1:1/app', '--push', 'app'],
    exitCode: 6,
    code: 'REGISTRY_UNREACHABLE',
    says: /cannot reach 127\.0\.0\.1:1/,
  },
  {
    title: 'a shell without a terminal',
    args: [...BUILD, '--on-error=shell', 'app'],
    exitCode: 2,
    code: 'OPTION_NO_TERMINAL',
    says: /needs a terminal/,
  },
  {
    title: 'a full disk for standard output',
    args: ['images', ...CACHE],
    around: '"$@" >/dev/full',
    exitCode: 9,
    code: 'HOST_DISK_FULL',
    says: /cannot write to standard output/,
  },
  {
    title: 'a full disk for the help',
    args: ['build', '--help'],
    around: '"$@" >/dev/full',
    exitCode: 9,
    code: 'HOST_DISK_FULL',
    says: /cannot write to standard output/,
  },
  {
    title: 'a narrow terminal without colours',
    args: [...BUILD, 'none'],
    env: { TERM: 'dumb', NO_COLOR: '1', COLUMNS: '20', LANG: 'C' },
    exitCode: 5,
    code: 'CONTEXT_NOT_FOUND',
    says: /does not exist/,
  },
];

/** What only rights can refuse. */
const WITHOUT_RIGHTS: readonly Failure[] = [
  {
    title: 'the cache folder of another user',
    args: ['build', '--cache-dir', 'closed/cache', 'app'],
    exitCode: 9,
    code: 'HOST_PERMISSION',
    says: /closed\/cache\/tmp: permission denied/,
  },
  {
    title: 'the images of another user',
    args: ['images', '--cache-dir', 'closed/cache'],
    exitCode: 9,
    code: 'HOST_PERMISSION',
    says: /closed\/cache/,
  },
  {
    title: 'the doctor in the cache folder of another user',
    args: ['doctor', '--cache-dir', 'closed/cache'],
    exitCode: 9,
    code: 'HOST_PERMISSION',
    says: /cannot make the cache folder \/.*closed\/cache/,
  },
  ...['type=oci,dest=closed/a.tar', 'type=oci-layout,dest=closed/layout', 'type=local,dest=closed/files'].map(
    (output) => ({
      title: `no right to write ${output}`,
      args: [...BUILD, '-o', output, 'app'],
      exitCode: 9,
      code: 'HOST_PERMISSION',
      says: /\/closed\/.*: permission denied/,
    }),
  ),
  {
    title: 'an unreadable Dockerfile',
    args: [...BUILD, 'secret'],
    exitCode: 5,
    code: 'CONTEXT_UNREADABLE',
    says: /secret\/Dockerfile": EACCES/,
  },
  {
    title: 'an unreadable Dockerfile to parse',
    args: ['parse', 'secret/Dockerfile'],
    exitCode: 5,
    code: 'CONTEXT_DOCKERFILE_UNREADABLE',
    says: /secret\/Dockerfile[\s\S]*the right to read it/,
  },
];

/** In a folder `small` of a few pages. */
const ON_A_FULL_DISK: readonly Failure[] = [
  {
    title: 'the cache',
    args: ['build', '--cache-dir', 'small/cache', 'big'],
    exitCode: 9,
    code: 'HOST_DISK_FULL',
    says: /no space left on/,
  },
  ...[
    'oci,dest=small/image.tar',
    'docker,dest=small/image.tar',
    'oci-layout,dest=small/layout',
    'local,dest=small/files',
  ].map((output) => ({
    title: `type=${output}`,
    args: [...BUILD, '-o', `type=${output}`, 'big'],
    exitCode: 9,
    code: 'HOST_DISK_FULL',
    says: /cannot write .*\/small\/.*: no space left on the device/,
  })),
];

const user = findOrdinaryUser();

function project(): string {
  const folder = tempDir(FILES);
  chmodSync(`${folder}/secret/Dockerfile`, 0o000);
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
