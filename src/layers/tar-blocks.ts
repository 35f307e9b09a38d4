import { type Digest, toDiffId } from '../core/digest.ts';
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
import { tarHeaderBytes, tarPadding } from '../io/tar-header.ts';
import { TAR_END, TarWriter } from '../io/tar-writer.ts';
import { ContentDigest, type ContentFacts, contentFacts } from './content-digest.ts';
import type { EntryBlock } from './cut-entries.ts';
import { isInline } from './inline-data.ts';
import { fileChanged, type OpenContent, openContent, type ReadLayerContent } from './packed-content.ts';
import { storedToc } from './toc-codec.ts';
import { TocWriter } from './toc-writer.ts';
import { whiteoutHeader } from './whiteout.ts';

/** Which time of modification entries get: one constant (seconds since 1970), or their own. */
export type TimePolicy = { readonly kind: 'fixed'; readonly seconds: number } | { readonly kind: 'preserve' };

export interface TarBlocksOptions {
  readonly times: TimePolicy;
  readonly pool: BlockPool;
  readonly readLayerContent?: ReadLayerContent | undefined;
  readonly onRead?: ((entry: PackEntry, digest: Digest) => void) | undefined;
}

/** What there is of a block that was packed before. */
interface TakenSize {
  /** Bytes in all its parts. */
  readonly size: number;
  readonly first: Buffer;
}

/** A block that is being taken. */
interface Taking {
  readonly entries: readonly TocEntry[];
  readonly isLast: boolean;
  readonly size: number;
  left: number;
  /** Taken so far. */
  parts: number;
}

/** The one extended attribute that is written (reference, section 15). */
const CAPABILITY = 'security.capability';

/** Writes entries into the blocks of a layer tar, reading their contents once, and keeps its table of contents. */
export class TarBlocks {
  readonly #options: TarBlocksOptions;
  readonly #writer: TarWriter;
  readonly #counter = new DigestCounter();
  readonly #toc = new TocWriter();
  /** Of the last block. */
  #packed: TocEntry[] = [];
  #taking: Taking | undefined;

  constructor(options: TarBlocksOptions) {
    this.#options = options;
    this.#writer = new TarWriter(options.pool);
  }

  /**
   * Reads files synchronously: many small ones are several times faster so. Each block is the reader's to give back. Of a
   * block whose first parts were taken it gives the others.
   */
  *blocks(block: EntryBlock): Generator<Buffer, void> {
    let taken = this.#taking?.parts ?? 0;
    this.#taking = undefined;
    for (const bytes of this.#write(block)) {
      if (taken-- > 0) this.#options.pool.give(bytes);
      else {
        this.#counter.update(bytes);
        yield bytes;
      }
    }
  }

  /**
   * Begins to take a block as it was packed before, by {@link addPart}, without reading a file; the digests of its entries
   * must be known. Answers whether it can be what was packed, by its size: if not, nothing was done.
   */
  take({ entries, isLast }: EntryBlock, { size, first }: TakenSize): boolean {
    const start = this.#writer.offset;
    const taken: TocEntry[] = [];
    let at = start;
    for (const entry of entries) {
      if (isWhiteout(entry)) {
        at += tarHeaderBytes(whiteoutHeader(entry));
        taken.push(entry);
        continue;
      }
      const packed = packedEntry(entry, this.#options.times);
      at += tarHeaderBytes(packed);
      if (packed.type === 'file') addFacts(packed, takenFacts(packed, entry.digest, { at, start, first }), at);
      taken.push(packed);
      at += packed.size + tarPadding(packed.size);
    }
    if (at + (isLast ? TAR_END.length : 0) !== start + size) return false;
    this.#taking = { entries: taken, isLast, size, left: size, parts: 0 };
    return true;
  }

  /** The next part of the block that is taken; with the last one, all of it has been packed. */
  addPart(bytes: Buffer): void {
    const taking = this.#taking;
    if (taking === undefined) throw new TypeError('no block is taken');
    this.#counter.update(bytes);
    taking.parts++;
    taking.left -= bytes.length;
    if (taking.left > 0) return;
    this.#taking = undefined;
    for (const entry of taking.entries) this.#keep(entry);
    this.#writer.skip(taking.size);
    if (taking.isLast) this.#writer.close();
  }

  /** What was packed since this was asked last. */
  takePacked(): readonly TocEntry[] {
    const packed = this.#packed;
    this.#packed = [];
    return packed;
  }

  /** To be called once, after the last block. */
  finish(): Toc {
    const { digest, size } = this.#counter.finish();
    return storedToc(this.#toc, { diffId: toDiffId(digest), size });
  }

  *#write({ entries, isLast }: EntryBlock): Generator<Buffer, void> {
    for (const entry of entries) {
      if (isWhiteout(entry)) this.#whiteout(entry);
      else if (entry.type === 'file') yield* this.#file(entry);
      else this.#add(packedEntry(entry, this.#options.times));
      yield* this.#writer.takeFull();
    }
    if (isLast) this.#writer.end();
    else this.#writer.cut();
    yield* this.#writer.takeFull();
  }

  #whiteout({ path, type }: WhiteoutEntry): void {
    this.#writer.header(whiteoutHeader({ path, type }));
    this.#keep({ path, type });
  }

  #add(entry: Entry): void {
    this.#writer.header(entry);
    this.#keep(entry);
  }

  #keep(entry: TocEntry): void {
    this.#toc.add(entry);
    this.#packed.push(entry);
  }

  *#file(entry: PackEntry): Generator<Buffer, void> {
    const packed = packedEntry(entry, this.#options.times);
    this.#writer.header(packed);
    const { offset } = this.#writer;
    const facts = entry.size === 0 ? contentFacts(entry.path, Buffer.alloc(0)) : yield* this.#content(entry);
    if (entry.digest !== undefined && entry.digest !== facts.digest) throw fileChanged(entry, 'its content is another');
    this.#options.onRead?.(entry, facts.digest);
    this.#writer.pad();
    addFacts(packed, facts, offset);
    this.#keep(packed);
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
      yield* this.#writer.takeFull();
    }
    if (content.isWhole) checkSize(entry, entry.size + content.read(Buffer.alloc(1)));
    return digest.finish();
  }
}

type Packed = { -readonly [P in keyof TocFileEntry]: TocFileEntry[P] };

/** What of an entry is packed; the caller's to complete. */
function packedEntry(entry: PackEntry, times: TimePolicy): Packed {
  const { path, type, mode, uid, gid, size, link, major, minor } = entry;
  const packed: Packed = { path, type, mode, uid, gid, size, mtime: packedTime(entry, times) };
  const xattrs = packedXattrs(entry);
  if (link !== undefined) packed.link = link;
  if (major !== undefined) packed.major = major;
  if (minor !== undefined) packed.minor = minor;
  if (xattrs !== undefined) packed.xattrs = xattrs;
  return packed;
}

export function packedTime({ mtime }: PackEntry, times: TimePolicy): number {
  return times.kind === 'fixed' ? times.seconds : mtime;
}

export function packedXattrs({ xattrs }: PackEntry): Entry['xattrs'] {
  const capability = xattrs?.[CAPABILITY];
  return capability === undefined ? undefined : { [CAPABILITY]: capability };
}

interface TakenFrom {
  /** Offsets in the tar: of the content, and of the first part. */
  readonly at: number;
  readonly start: number;
  readonly first: Buffer;
}

/** {@link ContentFacts} as far as they are known. */
type KnownFacts = { readonly [P in keyof ContentFacts]: ContentFacts[P] | undefined };

/** Of a file whose content lies in a block that was packed before. */
function takenFacts(packed: Entry, digest: Digest | undefined, { at, start, first }: TakenFrom): KnownFacts {
  const { path, size } = packed;
  if (size === 0) return contentFacts(path, Buffer.alloc(0));
  if (!isInline(path, size)) return { digest };
  const begin = at - start;
  return { digest, data: first.toString('base64', begin, begin + size) };
}

function addFacts(packed: Packed, { digest, data }: KnownFacts, offset: number): void {
  if (digest !== undefined) packed.digest = digest;
  packed.offset = offset;
  if (data !== undefined) packed.data = data;
}

function checkSize(entry: PackEntry, read: number): void {
  if (read === entry.size) return;
  const how =
    read < entry.size ? `it ends after ${read} of ${entry.size} bytes` : `it has more than ${entry.size} bytes`;
  throw fileChanged(entry, how);
}
