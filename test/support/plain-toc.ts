import type { Toc } from '../../src/core/toc.ts';

/** A table of contents with all its entries, however it keeps them, to be compared. */
export function plainToc({ version, diffId, size, entries }: Toc): Toc {
  return { version, diffId, size, entries };
}
