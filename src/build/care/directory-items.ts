import { statSync } from 'node:fs';
import { join } from 'node:path';
import { scanFolder } from '../../io/scan-folder.ts';
import { keptIdOf } from '../failed/kept-runs.ts';
import type { StoredItem } from './item.ts';
import { keptItems, usedByKeptRuns } from './kept-items.ts';
import { layerDirectories } from './layer-directories.ts';
import { openSizes, type Sizes } from './measure.ts';
import type { OpenCache } from './open-cache.ts';

/** Directories of layers, folders of cache mounts, git repositories, and roots of failed commands. */
export function directoryItems(cache: OpenCache): StoredItem[] {
  const sizes = openSizes(cache.folders.sizes);
  const neededMs = usedByKeptRuns(cache);
  const layers = layerDirectories(cache.folders)
    .filter(({ id }) => keptIdOf(id) === undefined)
    .map(({ path, id }) => {
      const item = directoryItem(cache, { kind: 'directory', path, id, sizes });
      return { ...item, usedMs: Math.max(item.usedMs, neededMs.get(id) ?? 0) };
    });
  const kept = keptItems(cache, sizes);
  const mounts = mountFolders(cache).map(({ path, id }) => directoryItem(cache, { kind: 'mount', path, id, sizes }));
  const repositories = repositoryFolders(cache).map((found) => directoryItem(cache, { ...found, kind: 'git', sizes }));
  sizes.save();
  return [...kept, ...layers, ...mounts, ...repositories];
}

interface Directory {
  readonly kind: 'directory' | 'mount' | 'git';
  readonly path: string;
  /** What a build claims. */
  readonly id: string;
  readonly sizes: Sizes;
}

function directoryItem({ folders }: OpenCache, { kind, path, id, sizes }: Directory): StoredItem {
  const usedFile = join(folders.used, id);
  const usedMs = Math.max(timeOf(usedFile, 'mtimeMs'), timeOf(path, 'ctimeMs'));
  // The directory of a layer never changes; others change while they are used.
  const size = sizes.of(path, kind === 'directory' ? 0 : usedMs);
  return {
    kind,
    id,
    size,
    usedMs,
    text: TEXTS[kind],
    reachedBy: 'cache',
    files: [usedFile],
    directories: [path],
    claims: [id],
  };
}

const TEXTS: Readonly<Record<Directory['kind'], string>> = {
  directory: 'unpacked for RUN',
  mount: 'RUN --mount=type=cache',
  git: 'a git repository',
};

function repositoryFolders({ folders }: OpenCache): { readonly path: string; readonly id: string }[] {
  return scanFolder(folders.git)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => ({ path: join(folders.git, name), id: name }));
}

/** `NAME`, and `NAME-1` and so on where several commands wanted one for themselves. */
function mountFolders({ folders }: OpenCache): { readonly path: string; readonly id: string }[] {
  return scanFolder(folders.mounts).flatMap(({ name: flavor }) =>
    scanFolder(join(folders.mounts, flavor))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ path: join(folders.mounts, flavor, name), id: name.replace(/-\d+$/, '') })),
  );
}

function timeOf(path: string, which: 'mtimeMs' | 'ctimeMs'): number {
  return statSync(path, { throwIfNoEntry: false })?.[which] ?? 0;
}
