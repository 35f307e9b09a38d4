import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ssri from 'ssri';
import { ContentError } from '../core/errors.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { touchFile } from '../io/touch.ts';

/** Where tarballs lie on this machine, by what their integrity says. */
export interface TarballStore {
  /** Verified; notes the use of one of ours. `undefined` where there is none, or only a damaged one. */
  find(integrity: string): Buffer | undefined;
  /** Why nobody can tell whether npm's cache has it; `undefined` where that is no question. */
  obstacle(integrity: string): string | undefined;
  /**
   * Keeps a tarball for later builds.
   * @throws ContentError `CONTENT_DIGEST_MISMATCH` when it is not what `integrity` says
   */
  keep(integrity: string, bytes: Buffer, label: string): void;
}

export interface TarballFolders {
  /** npm's cache (`content-v2` of cacache), which is asked first and never written. */
  readonly npm: string;
  /** Ours: one file for each tarball. */
  readonly own: string;
}

export function createTarballStore({ npm, own }: TarballFolders): TarballStore {
  return {
    find(integrity) {
      const hashes = strongest(integrity);
      const theirs = firstVerified(
        hashes.map((hash) => npmPath(npm, hash)),
        integrity,
      );
      const found =
        theirs ??
        firstVerified(
          hashes.map((hash) => ownPath(own, hash)),
          integrity,
        );
      if (theirs === undefined && found !== undefined) touchFile(found.path);
      return found?.bytes;
    },
    obstacle: (integrity) => {
      const errors = strongest(integrity).map((hash) => readError(npmPath(npm, hash)));
      return errors.find((error) => error !== undefined && !ABSENT.has(error.code ?? ''))?.message;
    },
    keep(integrity, bytes, label) {
      if (!isVerified(bytes, integrity)) throw tampered(integrity, bytes, label);
      const [hash] = strongest(integrity);
      if (hash !== undefined) writeAtomicSync(ownPath(own, hash), bytes);
    },
  };
}

interface FoundTarball {
  readonly path: string;
  readonly bytes: Buffer;
}

function firstVerified(paths: readonly string[], integrity: string): FoundTarball | undefined {
  for (const path of paths) {
    const bytes = readIfThere(path);
    if (bytes !== undefined && isVerified(bytes, integrity)) return { path, bytes };
  }
  return undefined;
}

/** The strongest algorithm alone counts, as ssri has it. */
function isVerified(bytes: Buffer, integrity: string): boolean {
  return ssri.checkData(bytes, integrity) !== false;
}

interface TarballHash {
  readonly algorithm: string;
  readonly hex: string;
}

function strongest(integrity: string): TarballHash[] {
  const parsed = ssri.parse(integrity);
  if (parsed === null) return [];
  const algorithm = parsed.pickAlgorithm();
  return (parsed[algorithm] ?? []).map(({ digest }) => ({
    algorithm,
    hex: Buffer.from(digest, 'base64').toString('hex'),
  }));
}

function npmPath(folder: string, { algorithm, hex }: TarballHash): string {
  return join(folder, algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
}

function ownPath(folder: string, { algorithm, hex }: TarballHash): string {
  return join(folder, `${algorithm}-${hex}`);
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function readError(path: string): NodeJS.ErrnoException | undefined {
  try {
    readFileSync(path);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

function tampered(expected: string, bytes: Buffer, label: string): ContentError {
  const found = ssri.fromData(bytes, { algorithms: ['sha512'] }).toString();
  return new ContentError('CONTENT_DIGEST_MISMATCH', `the tarball of ${label} is not what package-lock.json says`, {
    expected,
    found,
    hint: 'somebody changed the package or the registry is another one: find out which before you trust it',
  });
}
