import type { Digest } from './digest.ts';

/** Each iteration starts a fresh read. */
export type Bytes = AsyncIterable<Uint8Array>;

/** What identifies content: a descriptor without its media type. */
export interface Written {
  readonly digest: Digest;
  readonly size: number;
}

export interface ContentReader {
  /** Whether all of it is there, by its size: content that was cut short, as by a power failure, counts as missing. */
  has(content: Written): Promise<boolean>;
  /**
   * Reads content from its start. Size and digest are checked at the end of the iteration.
   * @throws ContentError `CONTENT_NOT_FOUND`, `CONTENT_DIGEST_MISMATCH`, `CONTENT_SIZE_MISMATCH`
   */
  read(target: Written): Bytes;
}

export interface ContentWriter {
  /**
   * Reads one chunk after the other; what holds a chunk may be used again once the next one is asked for.
   * Idempotent and atomic: content is visible only when all of it has been read and fits `expected`. What was there
   * already is success.
   * @throws ContentError `CONTENT_DIGEST_MISMATCH`, `CONTENT_SIZE_MISMATCH`; HostError `HOST_DISK_FULL`
   */
  write(bytes: AsyncIterable<Uint8Array>, expected?: Partial<Written>): Promise<Written>;
}

export interface ContentStore extends ContentReader, ContentWriter {
  delete(digest: Digest): Promise<void>;
  list(): AsyncIterable<Digest>;
}

/** A store whose blobs are files on this machine, so that another process or thread may read them by path. */
export interface BlobPaths {
  pathOf(digest: Digest): string;
}
