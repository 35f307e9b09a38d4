import { toDiffId } from '../core/digest.ts';
import { treePath } from '../core/paths.ts';
import type { Toc, TocFileEntry } from '../core/toc.ts';
import { DigestCounter } from '../io/hash.ts';
import type { TarHeader } from '../io/tar-header.ts';
import { TarParser } from '../io/tar-reader.ts';
import { ContentDigest } from './content-digest.ts';
import { TocBuilder } from './toc-builder.ts';
import { parseWhiteout } from './whiteout.ts';

export interface ReadTocOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The table of contents of any layer tar. Names are cleaned as inside the root, whatever they are; of several entries of
 * one path the last one counts.
 * @throws LayerError `LAYER_TAR_CORRUPT`, `LAYER_TAR_UNSUPPORTED`; what `uncompressed` throws
 */
export async function readToc(uncompressed: AsyncIterable<Uint8Array>, options: ReadTocOptions = {}): Promise<Toc> {
  const counter = new DigestCounter();
  const reader = new TocReader();
  const parser = new TarParser(reader);
  for await (const chunk of uncompressed) {
    options.signal?.throwIfAborted();
    counter.update(chunk);
    parser.push(chunk);
  }
  parser.end();
  const { digest, size } = counter.finish();
  return { version: 1, diffId: toDiffId(digest), size, entries: reader.builder.entries() };
}

class TocReader {
  readonly builder = new TocBuilder();
  #entry: TocFileEntry | undefined;
  #content: ContentDigest | undefined;

  onEntry(header: TarHeader, offset: number): void {
    const path = treePath(header.path);
    const marker = parseWhiteout(path);
    if (marker === undefined && path !== '') this.#begin(header, path, offset);
    else if (marker !== undefined && marker !== 'ignored') this.builder.addWhiteout(marker);
  }

  onData(chunk: Buffer): void {
    this.#content?.update(chunk);
  }

  onEnd(): void {
    if (this.#entry === undefined) return;
    this.builder.add({ ...this.#entry, ...this.#content?.finish() });
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
