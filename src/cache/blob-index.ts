import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DiffId, hexOf, isDigest, toDiffId, toDigest } from '../core/digest.ts';
import type { Descriptor } from '../core/image.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { scanFiles } from '../io/scan-folder.ts';

export interface ScannedBlob {
  readonly path: string;
  readonly diffId: DiffId;
  /** `undefined` for a damaged entry. */
  readonly blob: Descriptor | undefined;
}

/**
 * Which blob holds a layer, by the recipe that compressed it. Apart from the step records, so that compression is no part
 * of a cache key: a step's result is its diff ID, and any number of blobs may carry it.
 */
export interface BlobIndex {
  /** Every entry, in the order of the layers. */
  scan(): Iterable<ScannedBlob>;
  lookup(diffId: DiffId, recipe: string): Descriptor | undefined;
  /** The blobs of every recipe. */
  list(diffId: DiffId): readonly Descriptor[];
  record(diffId: DiffId, recipe: string, blob: Descriptor): void;
}

export function createBlobIndex(directory: string): BlobIndex {
  const folderOf = (diffId: DiffId): string => join(directory, hexOf(diffId));
  const pathOf = (diffId: DiffId, recipe: string): string => {
    const recipeName = createHash('sha256').update(recipe).digest('hex').slice(0, 16);
    return join(folderOf(diffId), `${recipeName}.json`);
  };
  return {
    scan: () => scanBlobs(directory),
    lookup(diffId, recipe) {
      const entry = readEntry(pathOf(diffId, recipe));
      return entry?.recipe === recipe ? entry.blob : undefined;
    },
    list: (diffId) => listFolder(folderOf(diffId)).flatMap((path) => readEntry(path)?.blob ?? []),
    record(diffId, recipe, blob) {
      writeAtomicSync(pathOf(diffId, recipe), `${JSON.stringify({ version: 1, recipe, blob })}\n`);
    },
  };
}

interface Entry {
  readonly version: number;
  readonly recipe: string;
  readonly blob: Descriptor;
}

function* scanBlobs(directory: string): Generator<ScannedBlob, void> {
  for (const { path, name } of scanFiles(directory)) {
    const digest: string = toDigest(dirname(name));
    if (isDigest(digest)) yield { path, diffId: toDiffId(digest), blob: readEntry(path)?.blob };
  }
}

/** A damaged entry counts as none. */
function readEntry(path: string): Entry | undefined {
  try {
    const entry = JSON.parse(readFileSync(path, 'utf8')) as Entry;
    return entry.version === 1 && isDigest(entry.blob.digest) ? entry : undefined;
  } catch {
    return undefined;
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
