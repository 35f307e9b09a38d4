import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Digest } from '../core/digest.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { toHostError } from '../io/host-error.ts';
import { acquireLease, isLeased } from '../io/lease.ts';
import { scanFolder } from '../io/scan-folder.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { CacheFolders } from './cache-folders.ts';

const FILE = 'claims';
const POLL_MS = 10;

/**
 * What a running build uses, so that nobody takes it away: a file in its workspace. A build writes first and looks second;
 * who takes away holds the collection lease and reads the claims first: one of the two always sees the other.
 */
export interface Claims {
  /**
   * To be called before looking whether a thing is there. Waits for a collection that may not have seen the claim. Tells
   * whether it was not claimed before.
   */
  claim(id: string): Promise<boolean>;
}

export function createClaims(workspace: string, folders: CacheFolders): Claims {
  const file = join(workspace, FILE);
  const claimed = new Set<string>();
  append(file, `started ${Date.now()}\n`);
  return {
    async claim(id) {
      if (claimed.has(id)) return false;
      append(file, `${id}\n`);
      if (existsSync(folders.collection)) await collectionEnd(folders);
      claimed.add(id);
      return true;
    },
  };
}

/** The next collection reads the claims after it has another id. */
async function collectionEnd({ collection, collectionId }: CacheFolders): Promise<void> {
  const [id] = readLines(collectionId);
  while (isLeased(collection) && readLines(collectionId)[0] === id) await delay(POLL_MS);
}

/**
 * Begins to take things away: until this is disposed, builds make no new claims, and those that they have made are seen.
 */
export async function beginCollection(
  folders: CacheFolders,
  signal?: AbortSignal,
): Promise<Disposable & { readonly claims: RunningClaims }> {
  const lease = await acquireLease(folders.collection, signal);
  writeAtomicSync(folders.collectionId, `${randomUUID()}\n`);
  return { claims: readClaims(folders), [Symbol.dispose]: () => lease[Symbol.dispose]() };
}

function append(file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch (error) {
    throw toHostError(error, 'write', file);
  }
}

/** The same store; whatever is looked for, read or written in it is claimed. */
export function claimingStore(store: BlobStore, claims: Claims): BlobStore {
  return {
    ...store,
    async has(content) {
      await claims.claim(content.digest);
      return await store.has(content);
    },
    read: (target) => ({ [Symbol.asyncIterator]: () => claimedRead(store, claims, target) }),
    async write(bytes, expected, onGrowth) {
      if (expected?.digest !== undefined) await claims.claim(expected.digest);
      const written = await store.write(bytes, expected, onGrowth);
      await claims.claim(written.digest);
      return written;
    },
  };
}

async function* claimedRead(
  store: BlobStore,
  claims: Claims,
  target: { readonly digest: Digest; readonly size: number },
): AsyncGenerator<Uint8Array, void> {
  await claims.claim(target.digest);
  yield* store.read(target);
}

/** The claims of all builds that run. */
export interface RunningClaims {
  readonly ids: ReadonlySet<string>;
  /** Milliseconds since 1970 when the first of them began; what was made since is theirs. Infinite without one. */
  readonly sinceMs: number;
}

export function readClaims({ temporary }: CacheFolders): RunningClaims {
  const ids = new Set<string>();
  let sinceMs = Number.POSITIVE_INFINITY;
  for (const { name } of scanFolder(temporary)) {
    const workspace = join(temporary, name);
    if (!isLeased(join(workspace, 'lease'))) continue;
    const [first = '', ...claims] = readLines(join(workspace, FILE));
    const startedMs = Number(first.replace('started ', ''));
    if (first.startsWith('started ') && startedMs < sinceMs) sinceMs = startedMs;
    for (const id of claims) ids.add(id);
  }
  return { ids, sinceMs };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}
