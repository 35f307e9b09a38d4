import { randomBytes } from 'node:crypto';

/** What everybody who fails is told: what, with which value, what to do, by which code. */
export interface Failure {
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

export const FILES = {
  'app/Dockerfile': 'FROM scratch\nCOPY file /file\n',
  'app/file': 'content',
  'secret/Dockerfile': 'FROM scratch\n',
  'hidden/Dockerfile': 'FROM scratch\nCOPY file /file\n',
  'hidden/file': 'content',
  'ignored/Dockerfile': 'FROM scratch\n',
  'ignored/.dockerignore': 'file\n',
  'wide/Dockerfile': Buffer.from('\ufeffFROM scratch\n', 'utf16le'),
  'full/other': 'in the way',
  'closed/none': '',
  'empty/none': '',
  'small/none': '',
  'big/Dockerfile': 'FROM scratch\nCOPY file /file\n',
  'big/file': randomBytes(256 * 1024),
};

const CACHE = ['--cache-dir', 'cache'];
export const BUILD = ['build', ...CACHE];

type Row = readonly [title: string, args: readonly string[], exitCode: number, code: string, says: RegExp];

const WRONG_PLACES: readonly Row[] = [
  [
    'a Dockerfile that is a folder',
    [...BUILD, '-f', 'full', 'app'],
    5,
    'CONTEXT_NO_DOCKERFILE',
    /full" is a directory/,
  ],
  ['a Dockerfile in UTF-16', [...BUILD, 'wide'], 5, 'CONTEXT_NOT_UTF8', /wide\/Dockerfile" is not UTF-8: line 1/],
  ['a context that is a file', [...BUILD, 'app/file'], 5, 'CONTEXT_NOT_FOUND', /app\/file" is not a directory/],
  ['an output without a place', [...BUILD, '-o', '', 'app'], 2, 'OPTION_BAD_VALUE', /"": dest is missing/],
  [
    'files where a file is',
    [...BUILD, '-o', 'app/file', 'app'],
    9,
    'HOST_NOT_A_DIRECTORY',
    /app\/file: not a directory/,
  ],
  ['a wrong command of the cache', ['cache', 'prnue'], 2, 'OPTION_UNKNOWN_COMMAND', /unknown command "cache prnue"/],
  ['an image that is not there', ['push', 'none', ...CACHE], 7, 'CONTENT_IMAGE_NOT_FOUND', /no image .*none:latest/],
];

export const ANYBODY: readonly Failure[] = [
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
  ...WRONG_PLACES.map(([title, args, exitCode, code, says]) => ({ title, args, exitCode, code, says })),
];

/** What only rights can refuse. */
export const WITHOUT_RIGHTS: readonly Failure[] = [
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
  ...['type=oci,dest=closed/a.tar', 'type=oci-layout,dest=closed/layout', 'type=local,dest=closed/files', 'closed'].map(
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
    title: 'an unreadable file of the context',
    args: [...BUILD, 'hidden'],
    exitCode: 5,
    code: 'CONTEXT_UNREADABLE',
    says: /hidden\/file": EACCES[\s\S]*a line in \.dockerignore/,
  },
  {
    title: 'an unreadable ignore file',
    args: [...BUILD, 'ignored'],
    exitCode: 5,
    code: 'CONTEXT_UNREADABLE',
    says: /ignored\/\.dockerignore": EACCES[\s\S]*or remove it/,
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
export const ON_A_FULL_DISK: readonly Failure[] = [
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
