import { type GoldenCase, refuse } from './golden-case.ts';

/** A tar of one file `f` and one directory `e`, of 3:4, in two 10 KiB records at most: 10240 bytes. */
const TAR = 'tar --numeric-owner --owner=3 --group=4 --mtime=@1 -cf a.tar -C src f e && rm -r src';
const SOURCE = { 'src/f': { text: 'f', mode: 0o600 }, 'src/e/g': 'g' };

export const ADD_CASES: readonly GoldenCase[] = [
  {
    covers: ['ADD --chown'],
    about: '11: wins over the owners of an archive',
    dockerfile: ['FROM scratch', 'ADD --chown=5:6 a.tar /x/'],
    files: SOURCE,
    prepare: [TAR],
    paths: {
      '/x': 'dir 0755 5:6',
      '/x/e': 'dir 0755 5:6',
      '/x/e/g': 'file 0644 5:6 g',
      '/x/f': 'file 0600 5:6 f',
    },
    history: ['ADD --chown=5:6 a.tar /x/ # buildkit'],
  },
  {
    covers: ['ADD --chown'],
    about: '11: files and directories as in COPY',
    dockerfile: ['FROM scratch', 'ADD --chown=1 f d /to/'],
    files: { f: 'f', 'd/g': 'g' },
    paths: { '/to': 'dir 0755 1:1', '/to/f': 'file 0644 1:1 f', '/to/g': 'file 0644 1:1 g' },
  },
  refuse('ADD --chown', 'ADD --chown f /', 'PARSE_FLAG_WITHOUT_VALUE', '3: a text flag needs a value'),
  {
    covers: ['ADD --chmod'],
    about: '11: never for what is in an archive',
    dockerfile: ['FROM scratch', 'ADD --chmod=0444 a.tar /', 'ADD --chmod=0444 p /p'],
    files: { ...SOURCE, p: 'p' },
    prepare: [TAR],
    paths: {
      '/e': 'dir 0755 3:4',
      '/e/g': 'file 0644 3:4 g',
      '/f': 'file 0600 3:4 f',
      '/p': 'file 0444 0:0 p',
    },
    history: ['ADD --chmod=0444 a.tar / # buildkit', 'ADD --chmod=0444 p /p # buildkit'],
  },
  {
    covers: ['ADD --chmod'],
    about: '11: symbolic, for what is copied; a made directory is 0755',
    dockerfile: ['FROM scratch', 'ADD --chmod=go-r,u+x d /d'],
    files: { 'd/f': 'f', 'd/sub/g': 'g' },
    paths: {
      '/d': 'dir 0755 0:0',
      '/d/f': 'file 0700 0:0 f',
      '/d/sub': 'dir 0711 0:0',
      '/d/sub/g': 'file 0700 0:0 g',
    },
  },
  refuse('ADD --chmod', 'ADD --chmod=rw f /', 'PLAN_BAD_CHMOD', '11: neither octal nor symbolic'),
  {
    covers: ['ADD --link'],
    about: '11: a layer of its own, whatever is below',
    dockerfile: ['FROM scratch', 'COPY base /', 'ADD --link f /app/f'],
    files: { f: 'f', 'base/app': { link: 'nowhere' } },
    paths: { '/app': 'dir 0755 0:0', '/app/f': 'file 0644 0:0 f' },
  },
  {
    covers: ['ADD --link'],
    about: '11: archives too',
    dockerfile: ['FROM scratch', 'ADD --link a.tar /x/'],
    files: SOURCE,
    prepare: [TAR],
    paths: {
      '/x': 'dir 0755 0:0',
      '/x/e': 'dir 0755 3:4',
      '/x/e/g': 'file 0644 3:4 g',
      '/x/f': 'file 0600 3:4 f',
    },
  },
  refuse('ADD --link', 'ADD --link= f /', 'PARSE_BAD_FLAG_VALUE', '3: a switch without its value'),
  {
    covers: ['ADD --exclude'],
    about: '11: relative to the source directory',
    dockerfile: ['FROM scratch', 'ADD --exclude=sub d /d'],
    files: { 'd/f': 'f', 'd/sub/g': 'g' },
    paths: { '/d': 'dir 0755 0:0', '/d/f': 'file 0644 0:0 f' },
  },
  {
    covers: ['ADD --exclude'],
    about: '11: repeated, with an exception',
    dockerfile: ['FROM scratch', 'ADD --exclude=* --exclude=!keep d /d'],
    files: { 'd/f': 'f', 'd/keep': 'k' },
    paths: { '/d': 'dir 0755 0:0', '/d/keep': 'file 0644 0:0 k' },
  },
  refuse('ADD --exclude', 'ADD --exclude f /', 'PARSE_FLAG_WITHOUT_VALUE', '3: a list flag needs a value'),
  {
    covers: ['ADD --unpack'],
    about: '11: false keeps an archive as a file',
    dockerfile: ['FROM scratch', 'ADD --unpack=false a.tar /x/'],
    files: SOURCE,
    prepare: [TAR],
    paths: { '/x': 'dir 0755 0:0', '/x/a.tar': 'file 0644 0:0 10240 bytes' },
  },
  {
    covers: ['ADD --unpack'],
    about: '11: true unpacks what is an archive, compressed and by any name',
    dockerfile: ['FROM scratch', 'ADD --unpack=true renamed /x'],
    files: SOURCE,
    prepare: [TAR, 'gzip -n a.tar && mv a.tar.gz renamed'],
    paths: {
      '/x': 'dir 0755 0:0',
      '/x/e': 'dir 0755 3:4',
      '/x/e/g': 'file 0644 3:4 g',
      '/x/f': 'file 0600 3:4 f',
    },
  },
  refuse('ADD --unpack', 'ADD --unpack=maybe f /', 'PARSE_BAD_FLAG_VALUE', '3: a switch is true or false'),
  refuse(
    'ADD --checksum',
    `ADD --checksum=sha256:${'0'.repeat(64)} f /`,
    'PLAN_BAD_CHECKSUM',
    '11: only for what is fetched',
  ),
  refuse('ADD --keep-git-dir', 'ADD --keep-git-dir=1 f /', 'PARSE_BAD_FLAG_VALUE', '3: a switch is true or false'),
];
