import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, hexOf } from '../core/digest.ts';
import type { Reference } from '../core/reference.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';

type Repository = Pick<Reference, 'registry' | 'repository'>;

/**
 * In which repositories a blob was seen: one of the same registry may hand it to another without its bytes moving. A hint
 * and no promise, since repositories change.
 */
export interface BlobRepositories {
  /** The file of a blob, whether it is there or not. */
  pathOf(blob: Digest): string;
  /** Repositories of a registry, the one seen last first. */
  list(blob: Digest, registry: string): readonly string[];
  add(blob: Digest, repository: Repository): void;
}

const VERSION = 1;
/** A blob of a popular base is in every repository: few are enough. */
const MOST = 8;

export function createBlobRepositories(directory: string): BlobRepositories {
  const pathOf = (blob: Digest): string => join(directory, `${hexOf(blob)}.json`);
  return {
    pathOf,
    list: (blob, registry) =>
      readList(pathOf(blob)).flatMap((seen) => (seen.registry === registry ? [seen.repository] : [])),
    add(blob, { registry, repository }) {
      const known = readList(pathOf(blob));
      const [first] = known;
      if (first?.registry === registry && first.repository === repository) return;
      const others = known.filter((seen) => seen.registry !== registry || seen.repository !== repository);
      const repositories = [{ registry, repository }, ...others].slice(0, MOST);
      writeAtomicSync(pathOf(blob), `${JSON.stringify({ version: VERSION, repositories })}\n`);
    },
  };
}

/** A damaged list counts as none. */
function readList(path: string): readonly Repository[] {
  try {
    const list = JSON.parse(readFileSync(path, 'utf8')) as { version: number; repositories: Repository[] };
    return list.version === VERSION && Array.isArray(list.repositories) ? list.repositories : [];
  } catch {
    return [];
  }
}
