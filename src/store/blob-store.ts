import { randomBytes } from 'node:crypto';
import { closeSync, createReadStream, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, hexOf, isDigest, toDigest } from '../core/digest.ts';
import type { BlobPaths, ContentStore, Written } from '../core/ports.ts';
import { discardFile } from '../io/atomic-file.ts';
import { errnoOf, toHostError } from '../io/host-error.ts';
import { inFolder } from '../io/make-folder.ts';
import { markFailures, toSinkError } from '../io/source-failure.ts';
import { contentNotFound, verifyBytes } from './verify.ts';

export interface BlobStoreOptions {
  /** Where unfinished blobs lie; on the file system of the store. Default: `ingest` in the store. */
  readonly ingestDir?: string;
}

/** Content in files `blobs/sha256/HEX` of a directory, as an OCI image layout has them (image-spec, image-layout.md). */
export interface BlobStore extends ContentStore, BlobPaths {
  /** `onGrowth` is told how far the bytes have come, so that they can be read meanwhile. */
  write(
    bytes: AsyncIterable<Uint8Array>,
    expected?: Partial<Written>,
    onGrowth?: (unfinished: UnfinishedBlob) => void,
  ): Promise<Written>;
}

/** A blob that is being written: nobody has verified any of its bytes, and it may never become whole. */
export interface UnfinishedBlob {
  /** Its file until it is whole. */
  readonly path: string;
  /** How many bytes are in that file. */
  readonly size: number;
}

export function createBlobStore(root: string, options: BlobStoreOptions = {}): BlobStore {
  const blobs = join(root, 'blobs', 'sha256');
  const ingest = options.ingestDir ?? join(root, 'ingest');
  const pathOf = (digest: Digest): string => join(blobs, hexOf(digest));
  return {
    pathOf,
    has: ({ digest, size }) => Promise.resolve(isWhole(pathOf(digest), size)),
    read: (target) => ({ [Symbol.asyncIterator]: () => readBlob(pathOf(target.digest), target, root) }),
    write: (bytes, expected = {}, onGrowth) => writeBlob({ bytes, expected, ingest, pathOf, onGrowth }),
    delete: (digest) => rm(pathOf(digest), { force: true }),
    list: () => listBlobs(blobs),
  };
}

async function* readBlob(path: string, target: Written, root: string): AsyncGenerator<Uint8Array, void> {
  const stream = createReadStream(path, { highWaterMark: 1 << 20 });
  try {
    yield* verifyBytes(stream, { digest: target.digest, size: target.size }, `remove ${path} and build again`);
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? contentNotFound(target.digest, root) : toHostError(error, 'read', path);
  } finally {
    stream.destroy();
  }
}

interface WriteRequest {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly expected: Partial<Written>;
  readonly ingest: string;
  readonly pathOf: (digest: Digest) => string;
  readonly onGrowth: ((unfinished: UnfinishedBlob) => void) | undefined;
}

async function writeBlob({ bytes, expected, ingest, pathOf, onGrowth }: WriteRequest): Promise<Written> {
  const known = expected.digest;
  if (known !== undefined && isWhole(pathOf(known), expected.size)) return existing(known, pathOf(known));
  const temporary = join(ingest, randomBytes(12).toString('hex'));
  try {
    const written = await writeVerified(temporary, verifyBytes(markFailures(bytes), expected), onGrowth);
    const path = pathOf(written.digest);
    inFolder(path, () => renameSync(temporary, path));
    return written;
  } catch (error) {
    discardFile(temporary);
    throw toSinkError(error, 'write content to', ingest);
  }
}

/** Synchronous calls: on libuv's thread pool each one would wait behind the blocks that are being compressed there. */
async function writeVerified(
  path: string,
  verified: AsyncGenerator<Uint8Array, Written>,
  onGrowth: WriteRequest['onGrowth'],
): Promise<Written> {
  const file = inFolder(path, () => openSync(path, 'wx'));
  try {
    for (let size = 0; ; ) {
      const next = await verified.next();
      if (next.done === true) return next.value;
      for (let at = 0; at < next.value.length; ) at += writeSync(file, next.value, at);
      size += next.value.length;
      onGrowth?.({ path, size });
    }
  } finally {
    closeSync(file);
  }
}

function isWhole(path: string, size: number | undefined): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (size === undefined || found.size === size);
}

function existing(digest: Digest, path: string): Written {
  return { digest, size: statSync(path).size };
}

async function* listBlobs(directory: string): AsyncGenerator<Digest, void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.sort()) {
    const digest = toDigest(name);
    if (isDigest(digest)) yield digest;
  }
}
