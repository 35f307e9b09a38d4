import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '../support/temp-dir.ts';

/** In files that no build may read. */
export const OUTSIDE = 'outside the context';

/** A build context, with something beside it that links may lead to. */
export interface Place {
  readonly context: string;
  readonly outside: string;
}

/** One letter fills each file, so that a mixture of two states shows. */
const LARGE = 1_300_000;
const FILES = { 'd/a': 3000, 'd/b': 1, 'd/empty': 0, 'd/large': LARGE, 'e/a': 2000, 'e/b': 70_000, 'e/f/c': 10 };
const NAMES = Object.keys(FILES).filter((name) => name !== 'd/empty');

export function createPlace(): Place {
  const files = Object.entries(FILES).map(([name, size]) => [`context/src/${name}`, 'a'.repeat(size)]);
  const root = tempDir({
    ...Object.fromEntries(files),
    'outside/a': OUTSIDE,
    'outside/b': OUTSIDE,
    'outside/only-outside/c': OUTSIDE,
  });
  const context = join(root, 'context');
  symlinkSync('a', join(context, 'src/d/link'));
  linkSync(join(context, 'src/d/a'), join(context, 'src/e/hard'));
  writeArchive(context, 'a');
  makeOld(context);
  return { context, outside: join(root, 'outside') };
}

/** A time at which files are no longer taken for ones that might change without a trace. */
const LONG_AGO = 1_000_000_000;

function makeOld(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('link')) utimesSync(join(folder, name), LONG_AGO, LONG_AGO);
  }
}

/** `app.tar`, of one size whatever the letter. */
function writeArchive(context: string, letter: string): void {
  const content = tempDir({ 'in-archive': letter.repeat(50_000) });
  const path = join(context, 'app.tar');
  execFileSync('tar', ['--mtime=@0', '-cf', path, '-C', content, 'in-archive']);
}

/** Whether a text is one state of a file: no mixture, and nothing from outside. */
export function isOneState(text: string): boolean {
  return text === '' || /^(.)\1*$/s.test(text);
}

export interface Change {
  readonly what: string;
  /** Hurts a place; gives the path, in the context, of what it hurt. */
  make(at: Place, pick: <T>(from: readonly T[]) => T): string;
}

const pathOf = ({ context }: Place, name: string): string => join(context, 'src', name);

function changeOfFile(what: string, make: (path: string, at: Place) => void): Change {
  return {
    what,
    make(at, pick) {
      const name = pick(NAMES);
      make(pathOf(at, name), at);
      return name;
    },
  };
}

function changeOfDirectory(what: string, make: (path: string, at: Place) => void): Change {
  return {
    what,
    make(at, pick) {
      const name = pick(['d', 'e', 'e/f']);
      make(pathOf(at, name), at);
      return name;
    },
  };
}

function replaced(path: string, make: () => void): void {
  rmSync(path, { recursive: true });
  make();
}

/** What may happen to a context while a build reads it. */
export const CHANGES: readonly Change[] = [
  changeOfFile('a file is truncated', (path) => truncateSync(path, 0)),
  changeOfFile('a file grows', (path) => appendFileSync(path, 'a'.repeat(100))),
  changeOfFile('a file gets another content of the same size', (path) => {
    const name = NAMES.find((each) => path.endsWith(`/src/${each}`)) as keyof typeof FILES;
    writeFileSync(path, 'b'.repeat(FILES[name]), { flag: 'r+' });
  }),
  changeOfFile('a file is replaced by another of the same size', (path) => {
    const name = NAMES.find((each) => path.endsWith(`/src/${each}`)) as keyof typeof FILES;
    writeFileSync(`${path}.new`, 'b'.repeat(FILES[name]));
    renameSync(`${path}.new`, path);
  }),
  changeOfFile('a file is removed', (path) => rmSync(path)),
  changeOfFile('a file becomes a link to a file outside', (path, at) =>
    replaced(path, () => symlinkSync(join(at.outside, 'a'), path)),
  ),
  changeOfFile('a file becomes a directory', (path) => replaced(path, () => mkdirSync(path))),
  changeOfFile('a file becomes a pipe', (path) => replaced(path, () => void execFileSync('mkfifo', [path]))),
  changeOfDirectory('a directory is removed', (path) => rmSync(path, { recursive: true })),
  changeOfDirectory('a directory becomes a file', (path) => replaced(path, () => writeFileSync(path, 'b'))),
  changeOfDirectory('a directory becomes a link to one outside', (path, at) =>
    replaced(path, () => symlinkSync(at.outside, path)),
  ),
  {
    what: 'two directories are exchanged',
    make(at) {
      const [one, other, aside] = ['d', 'e', 'aside'].map((name) => pathOf(at, name)) as [string, string, string];
      renameSync(one, aside);
      renameSync(other, one);
      renameSync(aside, other);
      return 'd';
    },
  },
  {
    what: 'a link becomes a file',
    make(at) {
      replaced(pathOf(at, 'd/link'), () => writeFileSync(pathOf(at, 'd/link'), 'b'));
      return 'd/link';
    },
  },
  {
    what: 'an archive gets other files',
    make(at) {
      writeArchive(at.context, 'b');
      return 'app.tar';
    },
  },
  {
    what: 'an archive becomes a link to a file outside',
    make(at) {
      const path = join(at.context, 'app.tar');
      replaced(path, () => symlinkSync(join(at.outside, 'a'), path));
      return 'app.tar';
    },
  },
];
