import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { type ChainId, type DiffId, hexOf } from '../../core/digest.ts';
import { parentPath } from '../../core/paths.ts';
import { type EntryType, isWhiteout, type Toc, type TocFileEntry } from '../../core/toc.ts';
import { errnoOf } from '../../io/host-error.ts';
import { chainIds } from '../../oci/image/chain-id.ts';
import { hashBlob } from '../../store/hash-blob.ts';
import { keptIdOf } from '../failed/kept-runs.ts';
import { readIfWhole } from '../stored-images.ts';
import type { FoundDamage } from './damage.ts';
import { layerDirectories } from './layer-directories.ts';
import type { OpenCache } from './open-cache.ts';
import { openRemoval } from './removal.ts';

/**
 * Directories of layers whose files are not those of the layer. What this user may not read is taken for good, and so is
 * the directory of a layer that nothing tells of any more.
 */
export async function* verifyDirectories(cache: OpenCache, signal?: AbortSignal): AsyncGenerator<FoundDamage | 'good'> {
  const layers = await layersByDirectory(cache);
  for (const { path, id } of layerDirectories(cache.folders)) {
    // No layer says what a failed command left.
    if (keptIdOf(id) !== undefined) continue;
    signal?.throwIfAborted();
    const toc = cache.tocs.load(layers.get(id) ?? ('' as DiffId));
    const problem = toc && (await directoryProblem(path, toc));
    yield problem === undefined ? 'good' : { kind: 'directory', id: path, problem, repair: () => remove(cache, path) };
  }
}

async function remove(cache: OpenCache, path: string): Promise<void> {
  await using removal = openRemoval(cache);
  removal.take(path);
}

/** Directories are named by chain: those that images and commands of RUN tell of. */
async function layersByDirectory(cache: OpenCache): Promise<Map<string, DiffId>> {
  const layers = new Map<string, DiffId>();
  const add = (diffIds: readonly DiffId[]): void => {
    for (const [at, chainId] of chainIds(diffIds).entries()) layers.set(directoryName(chainId), diffIds[at] as DiffId);
  };
  const pulled = [...cache.pulled.scan()].flatMap(({ image }) => image?.manifest ?? []);
  for (const descriptor of [...cache.names.list().map((named) => named.descriptor), ...pulled]) {
    for (const { layers: own } of (await readIfWhole(cache.store, descriptor)) ?? [])
      add(own.map(({ diffId }) => diffId));
  }
  return layers;
}

function directoryName(chainId: ChainId): string {
  return hexOf(chainId).slice(0, 24);
}

async function directoryProblem(directory: string, toc: Toc): Promise<string | undefined> {
  for (const entry of toc.entries) {
    if (isWhiteout(entry)) continue;
    const problem = await entryProblem(directory, entry);
    if (problem !== undefined) return `/${entry.path} ${problem}`;
  }
  return undefined;
}

async function entryProblem(directory: string, entry: TocFileEntry): Promise<string | undefined> {
  const path = join(directory, entry.path);
  const found = lookAt(path);
  if (found === 'unknown') return undefined;
  // Where a lower layer has a link for the parent, the entry lies where that leads.
  if (found === undefined) return lookAt(join(directory, parentPath(entry.path))) === undefined ? undefined : 'is gone';
  if (!hasType(found, entry.type)) return `is no ${entry.type}`;
  if (entry.type !== 'file') return undefined;
  if (found.size !== entry.size) return `has ${found.size} bytes instead of ${entry.size}`;
  const digest = await readable(path);
  return digest === undefined || digest === entry.digest ? undefined : 'has other content';
}

function lookAt(path: string): Stats | 'unknown' | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '') ? undefined : 'unknown';
  }
}

function hasType(stats: Stats, type: EntryType): boolean {
  switch (type) {
    case 'directory':
      return stats.isDirectory();
    case 'symlink':
      return stats.isSymbolicLink();
    case 'file':
    case 'hardlink':
      return stats.isFile();
    case 'character':
    case 'block':
    case 'fifo':
      // A host without the right to make devices leaves them out.
      return true;
  }
}

async function readable(path: string): Promise<string | undefined> {
  try {
    return await hashBlob(path);
  } catch {
    return undefined;
  }
}
