import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DiffId, hexOf } from '../core/digest.ts';
import type { Toc } from '../core/toc.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { decodeToc, encodeToc } from '../layers/toc-codec.ts';

/** Tables of contents by diff ID, kept for ever beside the layers: a tree needs no second pass over a layer. */
export interface TocStore {
  load(diffId: DiffId): Toc | undefined;
  save(toc: Toc): void;
}

export function createTocStore(directory: string): TocStore {
  const pathOf = (diffId: DiffId): string => join(directory, hexOf(diffId).slice(0, 2), hexOf(diffId).slice(2));
  return {
    load: (diffId) => readToc(pathOf(diffId), diffId),
    save: (toc) => writeAtomicSync(pathOf(toc.diffId), encodeToc(toc)),
  };
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
