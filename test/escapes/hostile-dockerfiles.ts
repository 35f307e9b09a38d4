import type { BuildOptions } from '../../src/build/options.ts';
import type { TarMember } from '../support/tar-of.ts';
import type { Outcome } from './hostile-build.ts';

/** A Dockerfile that runs nothing: what it is after must be refused, or stay within the image. */
export interface HostileDockerfile {
  readonly title: string;
  /** `OUTSIDE` stands for a folder of the machine with the file `secret`, `SERVER` for an address that sends there. */
  readonly lines: readonly string[];
  readonly options?: BuildOptions;
  /** Of `a.tar` in the context. */
  readonly archive?: (outside: string) => Readonly<Record<string, TarMember>>;
  readonly outcome: Outcome;
}

const file = { type: 'file' } as const;
const inside = (path: string): Outcome => ({ paths: { [path]: file } });
const refused = (code: string): Outcome => ({ refused: code });
const linkTo = (linkname: string): TarMember => ({ header: { type: 'symlink', linkname } });

/** The context has the file `f`, the link `d/l` to OUTSIDE, and `a.tar`. */
const DESTINATIONS: readonly HostileDockerfile[] = [
  { title: 'a destination that climbs', lines: ['COPY f ../../../../x'], outcome: inside('/x') },
  {
    title: 'a destination that climbs out of WORKDIR',
    lines: ['WORKDIR /a/b', 'COPY f ../../../x'],
    outcome: inside('/x'),
  },
  {
    title: 'a destination through a link to a folder of the machine',
    lines: ['COPY d/ /', 'COPY f /l/evil'],
    outcome: inside('OUTSIDE/evil'),
  },
  {
    title: 'a destination that is such a link',
    lines: ['COPY d/ /', 'COPY f f2 /l/'],
    outcome: inside('OUTSIDE/f2'),
  },
  {
    title: 'a destination through a link that an archive brought',
    lines: ['ADD a.tar /', 'COPY f /up/evil'],
    archive: () => ({ up: linkTo('../../../../tmp') }),
    outcome: inside('/tmp/evil'),
  },
  {
    title: 'WORKDIR through a link to a folder of the machine',
    lines: ['COPY d/ /', 'WORKDIR /l/deep/er', 'COPY f .'],
    outcome: inside('OUTSIDE/deep/er/f'),
  },
  {
    title: 'links in a circle as the destination',
    lines: ['ADD a.tar /', 'COPY f /one/x'],
    archive: () => ({ one: linkTo('two'), two: linkTo('one') }),
    outcome: refused('STEP_COPY_LINK_LOOP'),
  },
  {
    title: 'a name of a heredoc that is a directory',
    lines: ['COPY <<.. /d/', 'text', '..'],
    outcome: refused('STEP_COPY_BAD_NAME'),
  },
  {
    title: 'names of heredocs that climb',
    lines: ['COPY <<../../x <<"../y" /d/', 'text', '../../x', 'text', '../y'],
    outcome: { paths: { '/d/x': file, '/d/y': file } },
  },
];

const SOURCES: readonly HostileDockerfile[] = [
  {
    title: 'a source through a link in another stage',
    lines: ['COPY d/ /', 'FROM scratch', 'COPY --from=0 /l/secret /'],
    outcome: refused('STEP_COPY_SOURCE_NOT_FOUND'),
  },
  {
    title: 'a source that climbs out of another stage',
    lines: ['COPY f /', 'FROM scratch', 'COPY --from=0 ../../..OUTSIDE/secret /'],
    outcome: refused('STEP_COPY_SOURCE_NOT_FOUND'),
  },
  {
    title: 'ADD of a file address',
    lines: ['ADD file://OUTSIDE/secret /'],
    outcome: refused('STEP_COPY_SOURCE_NOT_FOUND'),
  },
  {
    title: 'ADD of an address that sends to a file',
    lines: ['ADD SERVER/file /x'],
    outcome: refused('CONTEXT_DOWNLOAD_FAILED'),
  },
  {
    title: 'ADD of an address that sends in a circle',
    lines: ['ADD SERVER/circle /x'],
    outcome: refused('CONTEXT_DOWNLOAD_FAILED'),
  },
  {
    title: 'ADD of an address whose file name climbs',
    lines: ['ADD SERVER/x/..%2f..%2fevil /d/'],
    outcome: { paths: { '/evil': null } },
  },
  {
    title: 'ADD of a git address with an option',
    lines: ['ADD https://host/x.git#--upload-pack=id /'],
    outcome: refused('PLAN_BAD_ADDRESS'),
  },
  {
    title: 'ADD of a git address with an option for ssh',
    lines: ['ADD ssh://-oProxyCommand=id/x.git /'],
    outcome: refused('PLAN_BAD_ADDRESS'),
  },
  { title: 'a base that is a path', lines: ['FROM ../../base'], outcome: refused('PLAN_BAD_REFERENCE') },
  {
    title: 'a base in a layout of the machine',
    lines: ['FROM oci-layout://OUTSIDE'],
    outcome: refused('PLAN_BAD_REFERENCE'),
  },
  {
    title: 'a frontend of its own',
    lines: ['# syntax=evil.example/frontend:1', 'FROM scratch'],
    outcome: refused('PLAN_FOREIGN_FRONTEND'),
  },
];

const ARCHIVES: readonly HostileDockerfile[] = [
  {
    title: 'an archive of names that climb or are absolute',
    lines: ['ADD a.tar /d/'],
    archive: (outside) => ({ '../../x': 'x', [`${outside}/y`]: 'y' }),
    outcome: { paths: { '/d/x': file, '/dOUTSIDE/y': file, '/x': null } },
  },
  {
    title: 'an archive of a link to the machine and a file through it',
    lines: ['ADD a.tar /'],
    archive: (outside) => ({ l: linkTo(outside), 'l/evil': 'x' }),
    outcome: inside('OUTSIDE/evil'),
  },
  {
    title: 'an archive of a hard link to a file of the machine',
    lines: ['ADD a.tar /'],
    archive: (outside) => ({ h: { header: { type: 'link', linkname: `${outside}/secret` } } }),
    outcome: refused('STEP_ADD_BAD_LINK'),
  },
  {
    title: 'an archive of a path 10,000 directories deep',
    lines: ['ADD a.tar /'],
    archive: () => ({ [`${'d/'.repeat(10_000)}f`]: 'x' }),
    outcome: refused('LAYER_PATH_TOO_LONG'),
  },
  {
    title: 'an archive larger than is allowed',
    lines: ['ADD a.tar /'],
    options: { maxLayerBytes: 1 << 16 },
    archive: () => ({ bomb: '0'.repeat(1 << 20) }),
    outcome: refused('LAYER_TOO_LARGE'),
  },
  {
    title: 'an archive of what marks a file as removed',
    lines: ['COPY f /', 'ADD a.tar /'],
    archive: () => ({ '.wh.f': '' }),
    outcome: { paths: { '/f': file, '/.wh.f': null } },
  },
];

const doubled = (times: number): string[] => ['ENV a=0123456789', ...Array.from({ length: times }, () => 'ENV a=$a$a')];

const WORDS: readonly HostileDockerfile[] = [
  { title: 'a variable that doubles forty times', lines: doubled(40), outcome: refused('PLAN_EXPANSION_TOO_LONG') },
  {
    title: 'a long variable in many others',
    lines: [...doubled(19), ...Array.from({ length: 300 }, (_, at) => `ENV b${at}=$a`)],
    outcome: refused('PLAN_EXPANSION_TOO_LONG'),
  },
  {
    title: 'a pattern that would take for ever',
    lines: [`ARG a=${'a'.repeat(5000)}`, `COPY f "/\${a##${'*a'.repeat(50)}b}x"`],
    outcome: refused('LAYER_PATH_TOO_LONG'),
  },
  { title: 'a wildcard that would take for ever', lines: [`COPY f ${'*a'.repeat(40)}b* /`], outcome: inside('/f') },
  {
    title: 'an owner that is a path',
    lines: ['COPY --chown=../../etc:0 f /x'],
    outcome: { paths: { '/x': { uid: 0 } } },
  },
];

export const HOSTILE_DOCKERFILES: readonly HostileDockerfile[] = [
  ...DESTINATIONS,
  ...SOURCES,
  ...ARCHIVES,
  ...WORDS,
].map((each) => ({
  ...each,
  lines: /^(FROM|#)/.test(each.lines[0] ?? '') ? each.lines : ['FROM scratch', ...each.lines],
}));
