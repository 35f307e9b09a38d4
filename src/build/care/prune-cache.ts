import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { toHostError } from '../../io/host-error.ts';
import { scanFolder } from '../../io/scan-folder.ts';
import { reclaimWorkspaces } from '../../io/workspace.ts';
import { beginCollection, type RunningClaims, readClaims } from '../claims.ts';
import { reclaimHalfWritten } from '../leftovers.ts';
import type { StoreOptions } from '../stored-images.ts';
import { chooseItems, type PruneLimits } from './choose.ts';
import { directoryItems } from './directory-items.ts';
import { takeInventory } from './inventory.ts';
import type { CacheItem, StoredItem } from './item.ts';
import { withoutFiles } from './list-cache.ts';
import { type OpenCache, openCache } from './open-cache.ts';
import { openRemoval } from './removal.ts';

export interface PruneOptions extends StoreOptions, PruneLimits {
  /** Says what would be taken away, and takes nothing. Default false. */
  readonly dryRun?: boolean;
  /** The most that is taken away at once. Default: no limit. */
  readonly maxItems?: number;
  readonly signal?: AbortSignal;
}

export interface PruneReport {
  readonly removed: readonly CacheItem[];
  /** Bytes that were taken away, and that are left. */
  readonly freed: number;
  readonly left: number;
}

/**
 * Takes away what is not needed. What images of the local store need stays, and what a running build uses: builds may go
 * on meanwhile.
 * @throws HostError for what cannot be removed
 */
export async function pruneCache(options: PruneOptions = {}): Promise<PruneReport> {
  const cache = openCache(options);
  if (!existsSync(cache.cacheDir)) return { removed: [], freed: 0, left: 0 };
  if (options.dryRun !== true) await reclaim(cache);
  // Measured before others have to wait.
  directoryItems(cache);
  const { items, chosen } = await takeAway(cache, options);
  if (options.dryRun !== true) {
    removeStale(cache);
    removeOutdated(cache.folders);
  }
  const freed = sizeOf(chosen);
  return { removed: chosen.map(withoutFiles), freed, left: sizeOf(items) - freed };
}

/** What killed builds left. */
async function reclaim(cache: OpenCache): Promise<void> {
  const { isAfterKill, left } = reclaimWorkspaces(cache.folders.temporary);
  if (isAfterKill) reclaimHalfWritten(cache.folders);
  if (left.length === 0) return;
  await using removal = openRemoval(cache);
  for (const path of left) removal.take(path);
}

interface Taken {
  readonly items: readonly StoredItem[];
  readonly chosen: readonly StoredItem[];
}

/**
 * Under the lease nobody makes new claims. They are read first: what a build uses is claimed before it ends, and when it
 * ends before that, the names and records that it leaves are there already.
 */
async function takeAway(cache: OpenCache, options: PruneOptions): Promise<Taken> {
  if (options.dryRun === true) return await choose(cache, options, readClaims(cache.folders));
  await using removal = openRemoval(cache);
  using collection = await beginCollection(cache.folders, options.signal);
  const taken = await choose(cache, options, collection.claims);
  for (const { files, directories } of taken.chosen) {
    for (const path of files) remove(path);
    for (const path of directories) removal.take(path);
  }
  return taken;
}

async function choose(cache: OpenCache, options: PruneOptions, running: RunningClaims): Promise<Taken> {
  const items = await takeInventory(cache);
  const isInUse = ({ usedMs, claims }: StoredItem): boolean =>
    usedMs >= running.sinceMs || claims.some((id) => running.ids.has(id));
  const wanted = chooseItems(items, options, { nowMs: Date.now(), isInUse });
  return { items, chosen: wanted.slice(0, options.maxItems) };
}

/**
 * What leads nowhere any more: short ways to keys, addresses whose content is gone. A record is written before what leads
 * to it; the long values of one are written before the record, so young ones may still be waiting for it.
 */
function removeStale({ definitions, records, longValues, downloads, store }: OpenCache): void {
  for (const { path, key } of definitions.scan()) if (key === undefined || !records.has(key)) remove(path);
  for (const { path, key } of longValues.scan()) if (!records.has(key) && isSettled(path)) remove(path);
  for (const { path, record } of downloads.scan()) {
    if (record === undefined || !existsSync(store.pathOf(record.digest))) remove(path);
  }
}

/** Before version 0.1.0 what is flat now lay in folders for the first two digits of its name. */
function removeOutdated(folders: OpenCache['folders']): void {
  const { records, definitions, longValues, blobs, blocks, repositories, tocs } = folders;
  for (const folder of [records, definitions, longValues, blobs, blocks, repositories, tocs]) {
    const outdated = scanFolder(folder).filter((entry) => entry.isDirectory() && /^[0-9a-f]{2}$/.test(entry.name));
    for (const { name } of outdated) remove(join(folder, name), { recursive: true });
  }
}

const SETTLED_MS = 60_000;

function isSettled(path: string): boolean {
  const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return changedMs !== undefined && Date.now() - changedMs > SETTLED_MS;
}

function remove(path: string, options?: { readonly recursive: true }): void {
  try {
    rmSync(path, { ...options, force: true });
  } catch (error) {
    throw toHostError(error, 'remove', path);
  }
}

function sizeOf(items: readonly CacheItem[]): number {
  return items.reduce((sum, { size }) => sum + size, 0);
}
