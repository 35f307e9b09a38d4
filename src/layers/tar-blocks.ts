import type { DiffId } from '../core/digest.ts';
import { toDiffId } from '../core/digest.ts';
import {
  type Entry,
  isWhiteout,
  type PackEntry,
  type Toc,
  type TocEntry,
  type TocFileEntry,
  type WhiteoutEntry,
} from '../core/toc.ts';
import type { BlockPool } from '../io/blocks.ts';
import { DigestCounter } from '../io/hash.ts';
import { TarWriter } from '../io/tar-writer.ts';
import { ContentDigest, type ContentFacts, contentFacts } from './content-digest.ts';
import { OrderChecker } from './pack-order.ts';
import { fileChanged, type OpenContent, openContent, type ReadLayerContent } from './packed-content.ts';
import { whiteoutPath } from './whiteout.ts';

/** Which time of modification entries get: one constant (seconds since 1970), or their own. */
export type TimePolicy = { readonly kind: 'fixed'; readonly seconds: number } | { readonly kind: 'preserve' };

export interface TarBlocksOptions {
  readonly times: TimePolicy;
  readonly pool: BlockPool;
  readonly readLayerContent?: ReadLayerContent | undefined;
}

/** The one extended attribute that is written (reference, section 15). */
const CAPABILITY = 'security.capability';

const WHITEOUT_METADATA = { type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 } as const;

/** Writes entries into the blocks of a layer tar, reading their contents once, and keeps its table of contents. */
export class TarBlocks {
  readonly #options: TarBlocksOptions;
  readonly #writer: TarWriter;
  readonly #counter = new DigestCounter();
  readonly #order = new OrderChecker();
  readonly #toc: TocEntry[] = [];

  constructor(options: TarBlocksOptions) {
    this.#options = options;
    this.#writer = new TarWriter(options.pool);
  }

  /** Reads files synchronously: many small ones are several times faster so. Each block is the reader's to give back. */
  *blocks(entries: Iterable<PackEntry | WhiteoutEntry>): Generator<Buffer, void> {
    for (const entry of entries) {
      this.#order.check(entry);
      if (isWhiteout(entry)) this.#whiteout(entry);
      else if (entry.type === 'file') yield* this.#file(entry);
      else this.#add(this.#entryOf(entry));
      yield* this.#full();
    }
    this.#writer.end();
    yield* this.#full();
  }

  /** To be called once, after the last block. */
  finish(): Toc {
    const { digest, size } = this.#counter.finish();
    const diffId: DiffId = toDiffId(digest);
    return { version: 1, diffId, size, entries: this.#toc };
  }

  *#full(): Generator<Buffer, void> {
    for (const block of this.#writer.takeFull()) {
      this.#counter.update(block);
      yield block;
    }
  }

  #whiteout({ path, type }: WhiteoutEntry): void {
    this.#writer.header({ ...WHITEOUT_METADATA, path: whiteoutPath({ path, type }) });
    this.#toc.push({ path, type });
  }

  #add(entry: Entry): void {
    this.#writer.header(entry);
    this.#toc.push(entry);
  }

  *#file(entry: PackEntry): Generator<Buffer, void> {
    const packed = this.#entryOf(entry);
    this.#writer.header(packed);
    const { offset } = this.#writer;
    const facts = entry.size === 0 ? contentFacts(entry.path, Buffer.alloc(0)) : yield* this.#content(entry);
    if (entry.digest !== undefined && entry.digest !== facts.digest) throw fileChanged(entry, 'its content is another');
    this.#writer.pad();
    const tocEntry: TocFileEntry = { ...packed, digest: facts.digest, offset, ...dataOf(facts) };
    this.#toc.push(tocEntry);
  }

  *#content(entry: PackEntry): Generator<Buffer, ContentFacts> {
    const content = openContent(entry, this.#options.readLayerContent);
    try {
      return entry.size < this.#writer.space().length
        ? this.#smallContent(entry, content)
        : yield* this.#largeContent(entry, content);
    } finally {
      content.close();
    }
  }

  /** Content which the current block has room for: one read, one hash call. */
  #smallContent(entry: PackEntry, content: OpenContent): ContentFacts {
    const space = this.#writer.space();
    // A byte more than there should be: it shows whether the file has grown, and the padding overwrites it.
    const wanted = space.subarray(0, entry.size + (content.isWhole ? 1 : 0));
    let read = content.read(wanted);
    // A file that gives less than it was asked for has ended; a second question would double the calls.
    for (let bytes = -1; bytes !== 0 && read < entry.size; read += bytes) bytes = content.read(wanted.subarray(read));
    checkSize(entry, read);
    this.#writer.advance(entry.size);
    return contentFacts(entry.path, space.subarray(0, entry.size));
  }

  *#largeContent(entry: PackEntry, content: OpenContent): Generator<Buffer, ContentFacts> {
    const digest = new ContentDigest(entry.path, entry.size);
    for (let left = entry.size; left > 0; ) {
      const part = this.#writer.space().subarray(0, left);
      const bytes = content.read(part);
      if (bytes === 0) checkSize(entry, entry.size - left);
      digest.update(part.subarray(0, bytes));
      this.#writer.advance(bytes);
      left -= bytes;
      yield* this.#full();
    }
    if (content.isWhole) checkSize(entry, entry.size + content.read(Buffer.alloc(1)));
    return digest.finish();
  }

  #entryOf(entry: PackEntry): Entry {
    const { path, type, mode, uid, gid, size, link, major, minor } = entry;
    const capability = entry.xattrs?.[CAPABILITY];
    return {
      path,
      type,
      mode,
      uid,
      gid,
      size,
      mtime: this.#options.times.kind === 'fixed' ? this.#options.times.seconds : entry.mtime,
      ...(link !== undefined && { link }),
      ...(major !== undefined && { major }),
      ...(minor !== undefined && { minor }),
      ...(capability !== undefined && { xattrs: { [CAPABILITY]: capability } }),
    };
  }
}

function dataOf({ data }: ContentFacts): { data?: string } {
  return data === undefined ? {} : { data };
}

function checkSize(entry: PackEntry, read: number): void {
  if (read === entry.size) return;
  const how =
    read < entry.size ? `it ends after ${read} of ${entry.size} bytes` : `it has more than ${entry.size} bytes`;
  throw fileChanged(entry, how);
}
