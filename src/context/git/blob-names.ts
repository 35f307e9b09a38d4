import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { loadBuiltIn } from '../../io/built-ins.ts';
import { environmentWith } from '../../io/host.ts';
import { findProgram } from '../../io/programs.ts';
import { type FileIdentity, milliseconds } from '../file-identity.ts';
import { isRacy } from '../raciness.ts';
import { type GitIndex, type IndexEntry, parseGitIndex } from './index-file.ts';

/** What git calls the content of files of a working tree, as far as that can be told without reading them. */
export interface BlobNames {
  /** The blob that has the same bytes as the file of that absolute path and identity. */
  find(path: string, identity: FileIdentity): string | undefined;
}

/**
 * The names that the index of the repository around `folder` has for files that are as git left them. A file without one
 * must be read: it changed or might have, it is not git's, or git converts it on its way to the working tree.
 * `undefined` outside of a repository, without a git program, and where git does not trust the repository or misses objects.
 */
export async function openBlobNames(folder: string, signal?: AbortSignal): Promise<BlobNames | undefined> {
  const program = findProgram('git');
  if (program === undefined) return undefined;
  const git = createQuery(program, folder, signal);
  try {
    const [where, conversion, paths] = await Promise.all([
      git('rev-parse', '--show-object-format', '--show-toplevel', '--git-path', 'index'),
      git('config', '--default', 'false', '--get', 'core.autocrlf'),
      git('ls-files', '--full-name', '-z', '--', ...UNCONVERTED),
    ]);
    if (conversion.trim() !== 'false') return undefined;
    const [format, top = '', index = ''] = where.trimEnd().split('\n');
    return readNames({ format, top, index: resolve(folder, index), unconverted: new Set(paths.split('\0')) });
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** Paths without an attribute that has git convert them (gitattributes(5)), or that say that it must not. */
const OTHERS = '!eol !crlf !filter !ident !working-tree-encoding';
const UNCONVERTED: readonly string[] = [`:(top,attr:!text ${OTHERS})`, `:(top,attr:-text ${OTHERS})`];

const MAX_OUTPUT = 1 << 30;

type Query = (...args: readonly string[]) => Promise<string>;

/**
 * What a repository's own configuration could have git run: monitors, hooks, and whatever fetches objects that are missing.
 * A bare repository among the files of a context is none that anybody works in.
 */
const QUIET = ['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'safe.bareRepository=explicit'];
const NO_FETCHING = { GIT_ALLOW_PROTOCOL: '', GIT_NO_LAZY_FETCH: '1' };

/** Asks git as its user would, with all configuration: that decides how files are converted. It runs no other program. */
function createQuery(program: string, folder: string, signal: AbortSignal | undefined): Query {
  const run = promisify(loadBuiltIn('node:child_process').execFile);
  const settled = ['--no-optional-locks', ...QUIET.flatMap((setting) => ['-c', setting]), '-C', folder];
  const options = { maxBuffer: MAX_OUTPUT, env: environmentWith(NO_FETCHING), ...(signal && { signal }) };
  return async (...args) => {
    const { stdout } = await run(program, [...settled, ...args], options);
    return stdout;
  };
}

interface Repository {
  readonly format: string | undefined;
  readonly top: string;
  /** Path of the index. */
  readonly index: string;
  readonly unconverted: ReadonlySet<string>;
}

function readNames({ format, top, index: file, unconverted }: Repository): BlobNames | undefined {
  // Read before its time: one that is written meanwhile counts as older than it is.
  const { mtimeNs } = statSync(file, { bigint: true });
  const index = parseGitIndex(readFileSync(file), format === 'sha256' ? 32 : 20);
  if (index === undefined) return undefined;
  const writtenMs = Number(mtimeNs) / 1e6;
  const inside = createLocator(top);
  return {
    find(path, identity) {
      const name = inside(path);
      if (name === undefined || !unconverted.has(name)) return undefined;
      return blobOf(index, name, { identity, writtenMs });
    },
  };
}

/** Gives paths as git has them, relative to the top; folders may be reached by links. */
function createLocator(top: string): (path: string) => string | undefined {
  const folders = new Map<string, string>();
  return (path) => {
    const folder = dirname(path);
    const real = folders.get(folder) ?? realpathSync(folder);
    folders.set(folder, real);
    const absolute = `${real}${sep}${path.slice(folder.length + 1)}`;
    return absolute.startsWith(`${top}/`) ? absolute.slice(top.length + 1) : undefined;
  };
}

interface Found {
  readonly identity: FileIdentity;
  readonly writtenMs: number;
}

function blobOf(index: GitIndex, name: string, { identity, writtenMs }: Found): string | undefined {
  const entry = index.get(name);
  if (entry === undefined || !entry.isPlain || !isAsEntry(identity, entry)) return undefined;
  // Git itself looks into what changed when it wrote the index, or later.
  const { mtime, mtimeNanoseconds, ctime, ctimeNanoseconds } = identity;
  const changed = [milliseconds(mtime, mtimeNanoseconds), milliseconds(ctime, ctimeNanoseconds)];
  return changed.some((timeMs) => isRacy(timeMs, writtenMs)) ? undefined : entry.id;
}

const REGULAR = 0o100000;
const TYPE = 0o170000;
/** Size 0 is how git marks entries that it must look into. */
function isAsEntry(identity: FileIdentity, entry: IndexEntry): boolean {
  const { size, ino, mode, mtime, mtimeNanoseconds, ctime, ctimeNanoseconds } = identity;
  return (
    size !== 0 &&
    size === entry.size &&
    BigInt.asUintN(32, BigInt(ino)) === BigInt(entry.ino) &&
    (mode & TYPE) === REGULAR &&
    (entry.mode & TYPE) === REGULAR &&
    mtime === entry.mtime.seconds &&
    mtimeNanoseconds === entry.mtime.nanoseconds &&
    ctime === entry.ctime.seconds &&
    ctimeNanoseconds === entry.ctime.nanoseconds
  );
}
