import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ssri from 'ssri';
import { ContentError } from '../core/errors.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import type { TarballPackage } from './npm-tree.ts';

/** The bytes of a package's tarball, verified. */
export type ReadTarball = (candidate: TarballPackage) => Buffer;

/**
 * Where tarballs lie on this machine, by what their integrity says: content folders of npm's cache (`content-v2` of
 * cacache) and of ours, in the order in which they are asked.
 */
export interface TarballStore {
  /** Verified; `undefined` where there is none, or only a damaged one. */
  find(integrity: string): Buffer | undefined;
  /**
   * Keeps a tarball in the last folder.
   * @throws ContentError `CONTENT_DIGEST_MISMATCH` when it is not what `integrity` says
   */
  keep(integrity: string, bytes: Buffer, label: string): void;
}

export function createTarballStore(folders: readonly string[]): TarballStore {
  return {
    find(integrity) {
      for (const folder of folders) {
        for (const path of contentPaths(folder, integrity)) {
          const bytes = readIfThere(path);
          if (bytes !== undefined && isVerified(bytes, integrity)) return bytes;
        }
      }
      return undefined;
    },
    keep(integrity, bytes, label) {
      if (!isVerified(bytes, integrity)) throw tampered(integrity, bytes, label);
      const [path] = contentPaths(folders.at(-1) ?? '', integrity);
      if (path !== undefined) writeAtomicSync(path, bytes);
    },
  };
}

/** The content folder of npm's cache. */
export function npmContentFolder(cache: string): string {
  return join(cache, '_cacache', 'content-v2');
}

/** The strongest algorithm alone counts, as ssri has it. */
function isVerified(bytes: Buffer, integrity: string): boolean {
  return ssri.checkData(bytes, integrity) !== false;
}

function contentPaths(folder: string, integrity: string): string[] {
  const parsed = ssri.parse(integrity);
  if (parsed === null) return [];
  const algorithm = parsed.pickAlgorithm();
  return (parsed[algorithm] ?? []).map((hash) => {
    const hex = Buffer.from(hash.digest, 'base64').toString('hex');
    return join(folder, algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
  });
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
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
