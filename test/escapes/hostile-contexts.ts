import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { BuildOptions } from '../../src/build/options.ts';
import type { TarMember } from '../support/tar-of.ts';
import type { Outcome } from './hostile-build.ts';

/** Where a hostile context lies, and what it is after. */
export interface Place {
  readonly context: string;
  /** A folder with the file `secret` beside the context. */
  readonly outside: string;
}

export interface HostileDirectory {
  readonly title: string;
  readonly dockerfile?: string;
  readonly options?: (place: Place) => BuildOptions;
  readonly make: (place: Place) => void | Promise<void>;
  readonly outcome: Outcome;
}

const COPY_ALL = 'FROM scratch\nCOPY . /\n';

const link =
  (path: string, target: (place: Place) => string) =>
  (place: Place): void =>
    symlinkSync(target(place), join(place.context, path));

const isLink = { type: 'symlink' } as const;
const notFound: Outcome = { refused: 'STEP_COPY_SOURCE_NOT_FOUND' };
const outsideOf = ({ outside }: Place): string => outside;
const secretOf = ({ outside }: Place): string => join(outside, 'secret');

const LINKS: readonly HostileDirectory[] = [
  {
    title: 'a link to a file outside, copied with its directory',
    make: link('l', secretOf),
    outcome: { paths: { '/l': isLink } },
  },
  {
    title: 'a link to a file outside as the source',
    dockerfile: 'FROM scratch\nCOPY l /\n',
    make: link('l', secretOf),
    outcome: notFound,
  },
  {
    title: 'a link that climbs out as the source',
    dockerfile: 'FROM scratch\nCOPY l /\n',
    make: link('l', () => '../outside/secret'),
    outcome: notFound,
  },
  {
    title: 'a chain of links out of the context',
    dockerfile: 'FROM scratch\nCOPY a /\n',
    make(place) {
      link('a', () => 'b')(place);
      link('b', () => './d/../c')(place);
      mkdirSync(join(place.context, 'd'));
      link('c', () => '../outside/secret')(place);
    },
    outcome: notFound,
  },
  {
    title: 'a link out of the context on the way to the source',
    dockerfile: 'FROM scratch\nCOPY l/secret /\n',
    make: link('l', outsideOf),
    outcome: notFound,
  },
  {
    title: 'a link out of the context before a wildcard',
    dockerfile: 'FROM scratch\nCOPY l/s* /\n',
    make: link('l', outsideOf),
    outcome: { paths: { '/secret': null } },
  },
  {
    title: 'a link to the root of the machine',
    dockerfile: 'FROM scratch\nCOPY l/ /\n',
    make: link('l', () => '/'),
    outcome: { paths: { '/l': isLink, '/etc': null } },
  },
  {
    title: 'links in a circle',
    dockerfile: 'FROM scratch\nCOPY a/x /\n',
    make(place) {
      link('a', () => 'b')(place);
      link('b', () => 'a')(place);
    },
    outcome: { refused: 'STEP_COPY_LINK_LOOP' },
  },
  {
    title: 'a source that climbs',
    dockerfile: 'FROM scratch\nCOPY ../outside/secret /\n',
    make: () => {},
    outcome: notFound,
  },
  {
    title: 'a link out of the context where ADD looks for an archive',
    dockerfile: 'FROM scratch\nADD l /\n',
    make: link('l', ({ outside }) => join(outside, 'archive.tar')),
    outcome: notFound,
  },
  {
    title: 'a link out of a named context',
    dockerfile: 'FROM scratch\nCOPY --from=more l/secret /\n',
    options: ({ context }) => ({ buildContexts: { more: join(context, 'more') } }),
    make(place) {
      mkdirSync(join(place.context, 'more'));
      link('more/l', outsideOf)(place);
    },
    outcome: notFound,
  },
];

const FILES: readonly HostileDirectory[] = [
  {
    title: 'a Dockerfile that is a link out of it',
    dockerfile: '',
    make: link('Dockerfile', secretOf),
    outcome: { refused: 'CONTEXT_LINK_OUTSIDE' },
  },
  {
    title: 'a Dockerfile that is a link to a link that climbs out',
    dockerfile: '',
    make(place) {
      link('Dockerfile', () => 'd/l')(place);
      mkdirSync(join(place.context, 'd'));
      link('d/l', () => '../../outside/secret')(place);
    },
    outcome: { refused: 'CONTEXT_LINK_OUTSIDE' },
  },
  {
    title: 'a Dockerfile that was asked for and is a link out of its folder',
    options: ({ context }) => ({ dockerfile: join(context, 'other') }),
    make: link('other', secretOf),
    outcome: { refused: 'CONTEXT_LINK_OUTSIDE' },
  },
  {
    title: 'a Dockerfile that is a link to an endless device',
    options: ({ context }) => ({ dockerfile: join(context, 'other') }),
    make: link('other', () => '/dev/zero'),
    outcome: { refused: 'CONTEXT_LINK_OUTSIDE' },
  },
  {
    title: 'a Dockerfile that is a pipe',
    dockerfile: '',
    make: ({ context }) => void execFileSync('mkfifo', [join(context, 'Dockerfile')]),
    outcome: { refused: 'CONTEXT_UNREADABLE' },
  },
  {
    title: 'an ignore file that is a link out of it',
    make: link('.dockerignore', secretOf),
    outcome: { refused: 'CONTEXT_LINK_OUTSIDE' },
  },
  {
    title: 'an ignore file of the Dockerfile that is a link out of it',
    make: link('Dockerfile.dockerignore', secretOf),
    outcome: { refused: 'CONTEXT_LINK_OUTSIDE' },
  },
  {
    title: 'an ignore file of a named context that is a link out of it',
    dockerfile: 'FROM scratch\nCOPY --from=more . /\n',
    options: ({ context }) => ({ buildContexts: { more: join(context, 'more') } }),
    make(place) {
      mkdirSync(join(place.context, 'more'));
      link('more/.dockerignore', secretOf)(place);
    },
    outcome: { refused: 'CONTEXT_LINK_OUTSIDE' },
  },
  {
    title: 'a package.json that is a link out of it, and no Dockerfile',
    dockerfile: '',
    make: link('package.json', secretOf),
    outcome: { refused: 'CONTEXT_LINK_OUTSIDE' },
  },
];

const KINDS: readonly HostileDirectory[] = [
  {
    title: 'a pipe',
    make: ({ context }) => void execFileSync('mkfifo', [join(context, 'p')]),
    outcome: { paths: { '/p': { type: 'fifo' } } },
  },
  {
    title: 'a pipe where ADD looks for an archive',
    dockerfile: 'FROM scratch\nADD p /p\n',
    make: ({ context }) => void execFileSync('mkfifo', [join(context, 'p')]),
    outcome: { paths: { '/p': { type: 'fifo' } } },
  },
  {
    title: 'a disk',
    make: ({ context }) => void execFileSync('mknod', [join(context, 'disk'), 'b', '8', '0']),
    outcome: { paths: { '/disk': { type: 'block', device: '8:0' } } },
  },
  {
    title: 'a socket',
    make: ({ context }) => makeSocket(join(context, 's')),
    outcome: { paths: { '/s': null } },
  },
];

/** One that stays when nobody listens any more. */
async function makeSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.alive`, resolve));
  execFileSync('mv', [`${path}.alive`, path]);
  await new Promise((resolve) => server.close(resolve));
}

const NAMES: readonly HostileDirectory[] = [
  {
    title: 'names with newlines, escapes, quotes and backslashes',
    make({ context }) {
      for (const name of ['a\nb', '\u001b[2Jx', '"\'`$(id)', '-rf', 'b\\..\\c'])
        writeFileSync(join(context, name), 'x');
    },
    outcome: {
      paths: { '/a\nb': {}, '/\u001b[2Jx': {}, '/"\'`$(id)': {}, '/-rf': {}, '/b\\..\\c': {} },
    },
  },
  {
    title: 'a name that is not UTF-8',
    make: ({ context }) => writeFileSync(Buffer.concat([Buffer.from(`${context}/x`), Buffer.from([0xff])]), ''),
    outcome: { refused: 'CONTEXT_BAD_NAME' },
  },
  {
    title: 'names that whiteouts have',
    make: ({ context }) => writeFileSync(join(context, '.wh.etc'), ''),
    outcome: { refused: 'LAYER_RESERVED_NAME' },
  },
  {
    title: 'directories deeper than any path',
    make: ({ context }) =>
      void execFileSync('sh', [
        '-c',
        `cd "$0"; n=$(printf %0200d 1); for i in $(seq 25); do mkdir $n; cd -P $n || exit 1; done`,
        context,
      ]),
    outcome: { refused: 'CONTEXT_UNREADABLE' },
  },
  {
    title: 'directories 1,000 deep',
    make: ({ context }) => void mkdirSync(join(context, 'd/'.repeat(1000)), { recursive: true }),
    outcome: { paths: { [`/${'d/'.repeat(1000).slice(0, -1)}`]: { type: 'dir' } } },
  },
];

export const HOSTILE_DIRECTORIES: readonly HostileDirectory[] = [...LINKS, ...FILES, ...KINDS, ...NAMES].map(
  (each) => ({
    dockerfile: COPY_ALL,
    ...each,
  }),
);

export interface HostileArchive {
  readonly title: string;
  readonly members: (place: Place) => Readonly<Record<string, TarMember>>;
  readonly options?: BuildOptions;
  readonly outcome: Outcome;
}

const linkTo = (linkname: string): TarMember => ({ header: { type: 'symlink', linkname } });
const hardTo = (linkname: string): TarMember => ({ header: { type: 'link', linkname } });
const withCopy = (members: Readonly<Record<string, TarMember>>) => ({ Dockerfile: COPY_ALL, ...members });

export const HOSTILE_ARCHIVES: readonly HostileArchive[] = [
  {
    title: 'names that are absolute or climb',
    members: ({ outside }) => withCopy({ [`${outside}/a`]: 'x', '../../../../b': 'x', 'd/../../c': 'x' }),
    outcome: { paths: { '/b': { size: 1 }, '/c': { size: 1 } } },
  },
  {
    title: 'a link out of it, and a file through that',
    members: ({ outside }) => withCopy({ l: linkTo(outside), 'l/evil': 'x' }),
    outcome: { paths: { '/l': { type: 'dir' }, '/l/evil': { size: 1 } } },
  },
  {
    title: 'a link over which a file is written',
    members: ({ outside }) => withCopy({ l: linkTo(join(outside, 'secret')), 'd/../l': 'inside' }),
    outcome: { paths: { '/l': { type: 'file', size: 6 } } },
  },
  {
    title: 'a hard link to a file outside',
    members: ({ outside }) => withCopy({ h: hardTo(join(outside, 'secret')) }),
    outcome: { refused: 'CONTEXT_BAD_ARCHIVE' },
  },
  {
    title: 'a hard link to a link out of it, copied by name',
    members: ({ outside }) => ({
      Dockerfile: 'FROM scratch\nCOPY h/secret /\n',
      l: linkTo(outside),
      h: hardTo('l'),
    }),
    outcome: notFound,
  },
  {
    title: 'a hard link to a directory',
    members: () => withCopy({ 'd/f': 'x', h: hardTo('d') }),
    outcome: { refused: 'CONTEXT_BAD_ARCHIVE' },
  },
  {
    title: 'a Dockerfile that is a link out of it',
    members: ({ outside }) => ({ Dockerfile: linkTo(join(outside, 'secret')) }),
    outcome: { refused: 'CONTEXT_NO_DOCKERFILE' },
  },
  {
    title: 'a path 10,000 directories deep',
    members: () => withCopy({ [`${'d/'.repeat(10_000)}f`]: 'x' }),
    outcome: { refused: 'LAYER_PATH_TOO_LONG' },
  },
  {
    title: 'more entries than are allowed',
    members: () => withCopy(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`f${at}`, '']))),
    options: { maxLayerEntries: 10 },
    outcome: { refused: 'LAYER_TOO_LARGE' },
  },
  {
    title: 'more bytes than are allowed',
    members: () => withCopy({ bomb: '0'.repeat(1 << 20) }),
    options: { maxLayerBytes: 1 << 16 },
    outcome: { refused: 'LAYER_TOO_LARGE' },
  },
];
