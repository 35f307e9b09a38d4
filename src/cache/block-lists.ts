import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, hexOf } from '../core/digest.ts';
import type { PackedBlock } from '../core/image.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';

/** By blob, where the blocks lie that it is made of: what a later layer of the same step has unchanged is taken from there. */
export interface BlockLists {
  /** The file of a list, whether it is there or not. */
  pathOf(blob: Digest): string;
  load(blob: Digest): readonly PackedBlock[] | undefined;
  save(blob: Digest, blocks: readonly PackedBlock[]): void;
}

const VERSION = 1;

export function createBlockLists(directory: string): BlockLists {
  const pathOf = (blob: Digest): string => join(directory, `${hexOf(blob)}.json`);
  return {
    pathOf,
    load: (blob) => readList(pathOf(blob), blob),
    save: (blob, blocks) => writeAtomicSync(pathOf(blob), `${JSON.stringify({ version: VERSION, blob, blocks })}\n`),
  };
}

/** A damaged list counts as none. What it says is checked against the blob, block by block. */
function readList(path: string, blob: Digest): readonly PackedBlock[] | undefined {
  try {
    const list = JSON.parse(readFileSync(path, 'utf8')) as { version: number; blob: Digest; blocks: PackedBlock[] };
    return list.version === VERSION && list.blob === blob && Array.isArray(list.blocks) ? list.blocks : undefined;
  } catch {
    return undefined;
  }
}
