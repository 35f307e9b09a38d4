import { createHash, hash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type Digest, toDigest } from '../core/digest.ts';
import { ContextError } from '../core/errors.ts';
import type { TreeNode } from '../core/tree.ts';
import { isAbsent, unreadable } from './context-error.ts';
import { isContextNode } from './context-node.ts';
import type { StatCache } from './stat-cache.ts';

export interface HashOptions {
  readonly cache?: StatCache;
  /** What has been read in another way. */
  readonly known?: KnownDigests;
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: () => number;
}

/** Digests of files by path, for nodes that were looked up before `readAtMs`, when reading began. */
export interface KnownDigests {
  readonly digests: ReadonlyMap<string, Digest>;
  readonly readAtMs: number;
}

const BUFFER_BYTES = 1024 * 1024;
/** How long reading may keep the event loop from other work. */
const SLICE_MS = 8;

/**
 * Digests of the nodes whose content is a file of this machine; others are left out. From the stat cache where it knows
 * them, else by reading.
 * @throws ContextError `CONTEXT_UNREADABLE`, `CONTEXT_FILE_CHANGED`
 */
export async function hashFiles(nodes: Iterable<TreeNode>, options: HashOptions = {}): Promise<Map<TreeNode, Digest>> {
  const { signal, cache, known, now = Date.now } = options;
  const digests = new Map<TreeNode, Digest>();
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let pausedAt = performance.now();
  for (const node of nodes) {
    if (node.source?.kind !== 'path' || digests.has(node)) continue;
    digests.set(node, node.digest ?? hashNode({ node, path: node.source.path, buffer, cache, known, now }));
    if (performance.now() - pausedAt < SLICE_MS) continue;
    await setImmediate();
    signal?.throwIfAborted();
    pausedAt = performance.now();
  }
  return digests;
}

interface HashRequest {
  readonly node: TreeNode;
  readonly path: string;
  readonly buffer: Buffer;
  readonly cache: StatCache | undefined;
  readonly known: KnownDigests | undefined;
  readonly now: () => number;
}

function hashNode({ node, path, buffer, cache, known, now }: HashRequest): Digest {
  const identity = isContextNode(node) ? node.identity : undefined;
  const given = known?.digests.get(path);
  const cached = given === undefined && identity !== undefined ? cache?.get(path, identity) : undefined;
  if (cached !== undefined) return cached;
  const hashedAtMs = given === undefined ? now() : (known?.readAtMs ?? 0);
  const digest = given ?? hashFile(path, node.size, buffer);
  if (identity !== undefined) cache?.set(path, { identity, digest, hashedAtMs });
  return digest;
}

function hashFile(path: string, size: number, buffer: Buffer): Digest {
  const file = openFile(path);
  try {
    return size < buffer.length ? hashSmall(file, path, { size, buffer }) : hashLarge(file, path, { size, buffer });
  } finally {
    closeSync(file);
  }
}

interface Expected {
  readonly size: number;
  readonly buffer: Buffer;
}

/** One byte more than expected is asked for, so that a file that grew is noticed. */
function hashSmall(file: number, path: string, { size, buffer }: Expected): Digest {
  let filled = 0;
  for (;;) {
    const count = readChunk(file, path, buffer.subarray(filled, size + 1));
    filled += count;
    if (count === 0 || filled > size) break;
  }
  if (filled !== size) throw changed(path);
  return toDigest(hash('sha256', buffer.subarray(0, size), 'hex'));
}

function hashLarge(file: number, path: string, { size, buffer }: Expected): Digest {
  const sha256 = createHash('sha256');
  let total = 0;
  for (;;) {
    const count = readChunk(file, path, buffer);
    if (count === 0) break;
    total += count;
    sha256.update(buffer.subarray(0, count));
  }
  if (total !== size) throw changed(path);
  return toDigest(sha256.digest('hex'));
}

function openFile(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    throw isAbsent(error) ? changed(path, error) : unreadable(path, error);
  }
}

function readChunk(file: number, path: string, target: Buffer): number {
  try {
    return readSync(file, target);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function changed(path: string, cause?: unknown): ContextError {
  return new ContextError('CONTEXT_FILE_CHANGED', `${JSON.stringify(path)} changed while it was read`, {
    hint: 'build again when nothing writes into the build context any more',
    cause,
  });
}
