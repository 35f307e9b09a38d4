import { type DiffId, toDiffId } from '../core/digest.ts';
import { DEFAULT_LIMITS, type LayerLimits, tooLarge } from '../core/limits.ts';
import { treePath } from '../core/paths.ts';
import type { Written } from '../core/ports.ts';
import type { Toc, TocFileEntry, WhiteoutEntry } from '../core/toc.ts';
import { DigestCounter } from '../io/hash.ts';
import type { TarHeader } from '../io/tar-header.ts';
import { type TarHandler, TarParser } from '../io/tar-reader.ts';
import { ContentDigest } from './content-digest.ts';
import { TocBuilder } from './toc-builder.ts';
import { parseWhiteout } from './whiteout.ts';

export interface ReadTocOptions {
  /** Default: {@link DEFAULT_LIMITS}. */
  readonly limits?: LayerLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The table of contents of any layer tar. Names are cleaned as inside the root, whatever they are; of several entries of
 * one path the last one counts.
 * @throws LayerError `LAYER_TAR_CORRUPT`, `LAYER_TAR_UNSUPPORTED`, `LAYER_TOO_LARGE`; what `uncompressed` throws
 */
export async function readToc(uncompressed: AsyncIterable<Uint8Array>, options: ReadTocOptions = {}): Promise<Toc> {
  const builder = new TocBuilder();
  return tocOf(await readTar(uncompressed, builder, options), builder);
}

/** {@link readToc} for an archive that somebody reads for another purpose. */
export interface TocReading {
  /** To be told of the archive. */
  readonly handler: TarHandler;
  /** When all of the archive was read. */
  finish(archive: Written): Toc;
}

export function createTocReading(limits: LayerLimits = DEFAULT_LIMITS): TocReading {
  const builder = new TocBuilder();
  return { handler: new TocReader(builder, limits), finish: (archive) => tocOf(archive, builder) };
}

function tocOf({ digest, size }: Written, builder: TocBuilder): Toc {
  return { version: 1, diffId: toDiffId(digest), size, entries: builder.entries() };
}

/** What a tar archive that is no layer holds, in its order: entries of one path may follow one another. */
export interface ArchiveContents {
  /** Of the uncompressed archive. */
  readonly diffId: DiffId;
  /** The path of the archive's own root (`./`) is `''`. */
  readonly entries: readonly TocFileEntry[];
}

/** @throws as {@link readToc} does */
export async function readArchive(
  uncompressed: AsyncIterable<Uint8Array>,
  options: ReadTocOptions = {},
): Promise<ArchiveContents> {
  const entries: TocFileEntry[] = [];
  const sink: EntrySink = { add: (entry) => entries.push(entry), addRoot: (entry) => entries.push(entry) };
  const { digest } = await readTar(uncompressed, sink, options);
  return { diffId: toDiffId(digest), entries };
}

/** Is told of the entries of a tar; what it has no method for it does not want to know. */
interface EntrySink {
  add(entry: TocFileEntry): void;
  addRoot?(entry: TocFileEntry): void;
  addWhiteout?(entry: WhiteoutEntry): void;
}

async function readTar(
  uncompressed: AsyncIterable<Uint8Array>,
  sink: EntrySink,
  { signal, limits = DEFAULT_LIMITS }: ReadTocOptions,
): Promise<Written> {
  const counter = new DigestCounter();
  const reader = new TocReader(sink, limits);
  const parser = new TarParser(reader);
  for await (const chunk of uncompressed) {
    signal?.throwIfAborted();
    counter.update(chunk);
    if (counter.size > limits.bytes) throw tooLarge(reader.current, `${limits.bytes} bytes`);
    parser.push(chunk);
  }
  parser.end();
  return counter.finish();
}

class TocReader implements TarHandler {
  readonly #sink: EntrySink;
  readonly #limits: LayerLimits;
  #count = 0;
  #current = '';
  #entry: TocFileEntry | undefined;
  #content: ContentDigest | undefined;

  constructor(sink: EntrySink, limits: LayerLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** The last entry that was read, as in the archive. */
  get current(): string {
    return this.#current;
  }

  onEntry(header: TarHeader, offset: number): void {
    this.#current = header.path;
    if (++this.#count > this.#limits.entries) throw tooLarge(header.path, `${this.#limits.entries} entries`);
    const path = treePath(header.path);
    const marker = parseWhiteout(path);
    if (path === '') this.#sink.addRoot?.({ ...header, path });
    else if (marker === undefined) this.#begin(header, path, offset);
    else if (marker !== 'ignored') this.#sink.addWhiteout?.(marker);
  }

  onData(chunk: Buffer): void {
    this.#content?.update(chunk);
  }

  onEnd(): void {
    if (this.#entry === undefined) return;
    this.#sink.add({ ...this.#entry, ...this.#content?.finish() });
    this.#entry = undefined;
    this.#content = undefined;
  }

  #begin(header: TarHeader, path: string, offset: number): void {
    const isFile = header.type === 'file';
    this.#content = isFile ? new ContentDigest(path, header.size) : undefined;
    const link = header.type === 'hardlink' ? { link: treePath(header.link ?? '') } : {};
    this.#entry = { ...header, path, ...link, ...(isFile && { offset }) };
  }
}
