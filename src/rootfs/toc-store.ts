import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DiffId, hexOf, isDigest, toDiffId, toDigest } from '../core/digest.ts';
import type { Toc } from '../core/toc.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { scanFiles } from '../io/scan-folder.ts';
import { decodeToc, encodeToc } from '../layers/toc-codec.ts';

/** Tables of contents by diff ID, kept for ever beside the layers: a tree needs no second pass over a layer. */
export interface TocStore {
  /** Every file, in the order of the layers; it may be damaged. */
  scan(): Iterable<{ readonly path: string; readonly diffId: DiffId }>;
  load(diffId: DiffId): Toc | undefined;
  save(toc: Toc): void;
}

export function createTocStore(directory: string): TocStore {
  const pathOf = (diffId: DiffId): string => join(directory, hexOf(diffId));
  return {
    scan: () => scanTocs(directory),
    load: (diffId) => readToc(pathOf(diffId), diffId),
    save: (toc) => writeAtomicSync(pathOf(toc.diffId), encodeToc(toc)),
  };
}

function* scanTocs(directory: string): Generator<{ readonly path: string; readonly diffId: DiffId }, void> {
  for (const { path, name } of scanFiles(directory)) {
    const digest: string = toDigest(name);
    if (isDigest(digest)) yield { path, diffId: toDiffId(digest) };
  }
}

/** A damaged file counts as none: the layer is read again. */
function readToc(path: string, diffId: DiffId): Toc | undefined {
  try {
    const toc = decodeToc(readFileSync(path));
    return toc.diffId === diffId ? toc : undefined;
  } catch {
    return undefined;
  }
}
