import { createHash, type Hash, hash } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Digest, type DigestsByPath, toDigest } from '../core/digest.ts';
import type { ContentSource } from '../core/toc.ts';
import type { TreeNode } from '../core/tree.ts';
import { fileChanged } from './context-error.ts';
import { isContextNode } from './context-node.ts';
import { FileDigests } from './file-digests.ts';
import type { FileIdentity } from './file-identity.ts';
import type { BlobNames } from './git/blob-names.ts';
import { onFound, openFound } from './open-found.ts';
import type { NamedBlob, StatCache } from './stat-cache.ts';

export interface HashOptions {
  readonly cache?: StatCache;
  /** Opens what git knows of the files in a folder; asked when the cache does not know many of them. */
  readonly openBlobNames?: (folder: string, signal?: AbortSignal) => Promise<BlobNames | undefined>;
  /** What has been read in another way. */
  readonly known?: KnownDigests;
  /** What was told of paths so far, and is from now on: a file has one content in a build, even while somebody writes into it. */
  readonly told?: FileDigests;
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: () => number;
}

/** Digests of files by path, for nodes that were looked up before `readAtMs`, when reading began. */
export interface KnownDigests {
  readonly digests: DigestsByPath;
  readonly readAtMs: number;
}

/** So many files are new in a fresh clone, and seldom otherwise: asking git takes as long as reading some hundred. */
const MANY = 200;
const BUFFER_BYTES = 1024 * 1024;
/** How long reading may keep the event loop from other work. */
const SLICE_MS = 8;
/** Of a name in a repository whose object format is SHA-256, in hex. */
const SHA256_LENGTH = 64;

/**
 * Digests of the nodes whose content is a file of this machine, by its path, and all that was told before; other nodes are
 * left out. From the stat cache where it knows them, or the content that git has under the same name; else by reading.
 * @throws ContextError `CONTEXT_UNREADABLE`, `CONTEXT_FILE_CHANGED`
 */
export async function hashFiles(nodes: Iterable<TreeNode>, options: HashOptions = {}): Promise<DigestsByPath> {
  const { signal, cache, known, told = new FileDigests(), now = Date.now } = options;
  const unknown = lookUp(nodes, { ...options, told });
  const blobs = await openBlobs(unknown, options);
  const buffer = Buffer.allocUnsafeSlow(unknown.length === 0 ? 0 : BUFFER_BYTES);
  let pausedAt = performance.now();
  for (const file of unknown) {
    const { path } = file.source;
    if (told.has(path) && !isRead(path, known)) continue;
    const digest = hashNode(file, { buffer, cache, known, blobs, now });
    if ((told.get(path) ?? digest) !== digest) throw fileChanged(path);
    told.add(path, digest);
    if (performance.now() - pausedAt < SLICE_MS) continue;
    await setImmediate();
    signal?.throwIfAborted();
    pausedAt = performance.now();
  }
  return told;
}

/** A node whose content is a file of this machine. */
type LocalFile = TreeNode & { readonly source: Extract<ContentSource, { readonly kind: 'path' }> };

function isLocalFile(node: TreeNode): node is LocalFile {
  return node.source?.kind === 'path';
}

function identityOf(file: LocalFile): FileIdentity | undefined {
  return isContextNode(file) ? file.identity : undefined;
}

function isRead(path: string, known: KnownDigests | undefined): boolean {
  return known?.digests.has(path) === true;
}

/** Tells what is known already, and answers what is not. What has been read counts for more than the cache. */
function lookUp(
  nodes: Iterable<TreeNode>,
  { cache, known, told }: Pick<HashOptions, 'cache' | 'known'> & { readonly told: FileDigests },
): readonly LocalFile[] {
  const unknown: LocalFile[] = [];
  for (const node of nodes) {
    if (!isLocalFile(node)) continue;
    const { path } = node.source;
    const isToBeRead = isRead(path, known);
    if (told.has(path) && !isToBeRead) continue;
    const identity = isToBeRead ? undefined : identityOf(node);
    const digest = node.digest ?? (identity && cache?.get(path, identity));
    if (digest === undefined) unknown.push(node);
    else told.add(path, digest);
  }
  return unknown;
}

async function openBlobs(files: readonly LocalFile[], options: HashOptions): Promise<BlobNames | undefined> {
  const [first] = files;
  if (first === undefined || files.length < MANY || options.cache === undefined) return undefined;
  return await options.openBlobNames?.(dirname(first.source.path), options.signal);
}

interface Knowledge {
  readonly buffer: Buffer;
  readonly cache: StatCache | undefined;
  readonly known: KnownDigests | undefined;
  readonly blobs: BlobNames | undefined;
  readonly now: () => number;
}

function hashNode(file: LocalFile, { buffer, cache, known, blobs, now }: Knowledge): Digest {
  const { path } = file.source;
  const identity = identityOf(file);
  const given = known?.digests.get(path);
  const hashedAtMs = given === undefined ? now() : (known?.readAtMs ?? 0);
  if (identity === undefined) return given ?? hashFile(file, buffer);
  const id = blobs?.find(path, identity);
  const blob = id === undefined ? undefined : { id, size: identity.size };
  const digest = given ?? (blob && cache?.getBlob(blob)) ?? hashFile(file, buffer, namedBlob(cache, blob));
  cache?.set(path, { identity, digest, hashedAtMs });
  return digest;
}

/** What the index of a repository claims of a file that is read. */
interface Claim {
  /** That of the blob's name, with its header in it (git-hash-object(1)). */
  readonly hash: Hash;
  readonly id: string;
  /** Called when the content has that name. */
  confirm(digest: Digest): void;
}

/**
 * Names are for ever and for all contexts, so that one is remembered only when the content has it indeed: an index may be
 * forged, and the file newer than what it was asked for.
 */
function namedBlob(cache: StatCache | undefined, blob: NamedBlob | undefined): Claim | undefined {
  if (cache === undefined || blob === undefined) return undefined;
  const algorithm = blob.id.length === SHA256_LENGTH ? 'sha256' : 'sha1';
  return {
    id: blob.id,
    hash: createHash(algorithm).update(`blob ${blob.size}\0`),
    confirm: (digest) => cache.setBlob(blob, digest),
  };
}

function hashFile({ size, source }: LocalFile, buffer: Buffer, claim?: Claim): Digest {
  const { path } = source;
  const file = openFound(source);
  try {
    const expected = { size, buffer, claim };
    const digest = size < buffer.length ? hashSmall(file, path, expected) : hashLarge(file, path, expected);
    if (claim !== undefined && claim.hash.digest('hex') === claim.id) claim.confirm(digest);
    return digest;
  } finally {
    closeSync(file);
  }
}

interface Expected {
  readonly size: number;
  readonly buffer: Buffer;
  readonly claim: Claim | undefined;
}

/** One byte more than expected is asked for, so that a file that grew is noticed. */
function hashSmall(file: number, path: string, { size, buffer, claim }: Expected): Digest {
  let filled = 0;
  for (;;) {
    const count = onFound(path, () => readSync(file, buffer.subarray(filled, size + 1)));
    filled += count;
    if (count === 0 || filled > size) break;
  }
  if (filled !== size) throw fileChanged(path);
  const content = buffer.subarray(0, size);
  claim?.hash.update(content);
  return toDigest(hash('sha256', content, 'hex'));
}

function hashLarge(file: number, path: string, { size, buffer, claim }: Expected): Digest {
  const sha256 = createHash('sha256');
  let total = 0;
  for (;;) {
    const count = onFound(path, () => readSync(file, buffer));
    if (count === 0) break;
    total += count;
    const chunk = buffer.subarray(0, count);
    sha256.update(chunk);
    claim?.hash.update(chunk);
  }
  if (total !== size) throw fileChanged(path);
  return toDigest(sha256.digest('hex'));
}
