import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createKeptRuns, keptDirectory, keptIdOf, type StoredKeptRun } from '../failed/kept-runs.ts';
import type { StoredItem } from './item.ts';
import { layerDirectories } from './layer-directories.ts';
import type { Sizes } from './measure.ts';
import type { OpenCache } from './open-cache.ts';

/** Roots of failed commands, and what tells how to enter them. Without that, nobody reaches the root. */
export function keptItems({ folders }: OpenCache, sizes: Sizes): StoredItem[] {
  const runs = new Map(
    createKeptRuns(folders.kept)
      .scan()
      .map((scanned) => [scanned.run.id, scanned]),
  );
  const directories = new Map<string, string>();
  for (const { id, path } of layerDirectories(folders)) {
    const kept = keptIdOf(id);
    if (kept !== undefined) directories.set(kept, path);
  }
  return [...new Set([...runs.keys(), ...directories.keys()])].map((id) => {
    const scanned = runs.get(id);
    const directory = directories.get(id);
    const usedFile = usedFileOf(folders.used, id);
    return {
      kind: 'failed',
      id,
      size: directory === undefined ? 0 : sizes.of(directory, 0),
      usedMs: Math.max(scanned?.run.keptMs ?? 0, timeOf(usedFile)),
      text: scanned === undefined ? '' : textOf(scanned.run),
      reachedBy: scanned !== undefined && directory !== undefined ? 'shell' : 'nothing',
      files: [usedFile, ...(scanned === undefined ? [] : [scanned.path])],
      directories: directory === undefined ? [] : [directory],
      claims: [keptDirectory(id)],
    };
  });
}

/** When what stands on the directory of a layer was used: the layer is needed as long. */
export function usedByKeptRuns({ folders }: OpenCache): ReadonlyMap<string, number> {
  const used = new Map<string, number>();
  for (const { run } of createKeptRuns(folders.kept).scan()) {
    const usedMs = Math.max(run.keptMs, timeOf(usedFileOf(folders.used, run.id)));
    for (const id of layersOf(run)) used.set(id, Math.max(used.get(id) ?? 0, usedMs));
  }
  return used;
}

function layersOf({ layerIds, mounts }: StoredKeptRun): string[] {
  const mounted = mounts.flatMap((kept) =>
    'request' in kept && kept.request.kind === 'snapshot' ? [kept.request] : [],
  );
  return [...layerIds, ...mounted.flatMap((request) => request.layerIds)];
}

function textOf({ stage, step, exitCode }: StoredKeptRun): string {
  return `[${stage}] ${step}${exitCode === undefined ? '' : ` (exit code ${exitCode})`}`;
}

function usedFileOf(folder: string, id: string): string {
  return join(folder, keptDirectory(id));
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
