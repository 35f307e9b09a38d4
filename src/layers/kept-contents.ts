import type { Digest } from '../core/digest.ts';
import { isWhiteout } from '../core/toc.ts';
import { digestOf } from '../io/hash.ts';
import { TarParser } from '../io/tar-reader.ts';
import type { EntryBlock } from './cut-entries.ts';

/**
 * The block with the contents that earlier blocks have too: they need not be read again. Only a content whose digest is
 * known can be found. The contents are views of the blocks.
 */
export function withKeptContents(block: EntryBlock, earlier: readonly Buffer[]): EntryBlock {
  const contents = contentsOf(earlier);
  if (contents.size === 0) return block;
  const entries = block.entries.map((entry) => {
    if (isWhiteout(entry) || entry.digest === undefined || entry.source === undefined) return entry;
    const bytes = contents.get(entry.digest);
    return bytes?.length === entry.size ? { ...entry, source: { kind: 'bytes', bytes } as const } : entry;
  });
  return { ...block, entries };
}

function contentsOf(blocks: readonly Buffer[]): Map<Digest, Buffer> {
  const contents = new Map<Digest, Buffer>();
  for (const tar of blocks) {
    const onEntry = ({ size }: { readonly size: number }, offset: number): void => {
      const content = tar.subarray(offset, offset + size);
      contents.set(digestOf(content), content);
    };
    new TarParser({ onEntry }).push(tar);
  }
  return contents;
}
