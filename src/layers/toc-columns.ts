import { hexOf } from '../core/digest.ts';
import { isWhiteout, type TocFileEntry } from '../core/toc.ts';
import type { SectionWriter, StoredTexts } from './columns.ts';
import type { Rows } from './toc-rows.ts';
import { DIGEST_BYTES, NUMBERS, type NumberName, type TextName } from './toc-table.ts';

/** Columns that are about to be written. */
interface WrittenColumns {
  readonly numbers: Readonly<Record<NumberName, Float64Array>>;
  readonly texts: Readonly<Record<TextName, (sections: SectionWriter) => StoredTexts>>;
  readonly digests: Uint8Array;
}

export function toColumns({ types, parents, names, entries, targets }: Rows): WrittenColumns {
  const columns = new Columns(types.length);
  const { numbers, links, xattrs, data } = columns;
  numbers.type.set(types);
  numbers.parent.set(parents);
  for (const [row, target] of targets) numbers.target[row] = target;
  entries.forEach((entry, row) => {
    if (entry !== undefined && !isWhiteout(entry)) columns.put(row, entry);
  });
  return {
    numbers,
    texts: {
      name: (sections) => sections.addTexts(names),
      link: (sections) => sections.addTexts(links),
      xattrs: (sections) => sections.addTexts(xattrs),
      data: (sections) => sections.addContents(data),
    },
    digests: columns.digests(),
  };
}

class Columns {
  readonly numbers: Record<NumberName, Float64Array>;
  readonly links: string[] = [];
  readonly xattrs: string[] = [];
  readonly data: Buffer[] = [];
  readonly #digests: Buffer;
  #digested = 0;

  constructor(count: number) {
    this.numbers = Object.fromEntries(NUMBERS.map((name) => [name, new Float64Array(count)])) as Columns['numbers'];
    this.#digests = Buffer.allocUnsafe(count * DIGEST_BYTES);
  }

  digests(): Uint8Array {
    return this.#digests.subarray(0, this.#digested * DIGEST_BYTES);
  }

  /** Each property by its name: one whose name is a variable takes ten times as long. */
  put(row: number, entry: TocFileEntry): void {
    const { numbers } = this;
    numbers.mode[row] = entry.mode;
    numbers.uid[row] = entry.uid;
    numbers.gid[row] = entry.gid;
    numbers.mtime[row] = entry.mtime;
    numbers.size[row] = entry.size;
    if (entry.mtimeNanoseconds !== undefined) numbers.mtimeNanoseconds[row] = entry.mtimeNanoseconds + 1;
    if (entry.major !== undefined) numbers.major[row] = entry.major + 1;
    if (entry.minor !== undefined) numbers.minor[row] = entry.minor + 1;
    if (entry.offset !== undefined) numbers.offset[row] = entry.offset + 1;
    if (entry.digest !== undefined) numbers.digest[row] = this.#putDigest(hexOf(entry.digest));
    this.#putTexts(row, entry);
  }

  #putTexts(row: number, { link, xattrs, data }: TocFileEntry): void {
    const { numbers } = this;
    if (link !== undefined && numbers.target[row] === 0) numbers.link[row] = this.links.push(link);
    if (xattrs !== undefined) numbers.xattrs[row] = this.xattrs.push(JSON.stringify(xattrs));
    if (data !== undefined) numbers.data[row] = this.data.push(Buffer.from(data, 'base64'));
  }

  #putDigest(hex: string): number {
    this.#digests.write(hex, this.#digested * DIGEST_BYTES, 'hex');
    this.#digested++;
    return this.#digested;
  }
}
