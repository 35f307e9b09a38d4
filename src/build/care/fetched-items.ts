import { statSync } from 'node:fs';
import type { Digest } from '../../core/digest.ts';
import { scanFiles } from '../../io/scan-folder.ts';
import type { StoredItem } from './item.ts';
import type { OpenCache } from './open-cache.ts';

/** What a native installation claims: all tarballs and plans, for it does not know beforehand which it will find. */
export const NPM_CLAIM = 'npm';

/** Tarballs of npm packages, and how installations were divided into layers. */
export function npmItems({ folders }: OpenCache): StoredItem[] {
  const items = (folder: string, text: string): StoredItem[] =>
    [...scanFiles(folder)].map((file) => ({
      ...smallItem(file, text),
      kind: 'npm',
      claims: [NPM_CLAIM],
    }));
  return [...items(folders.npmTarballs, 'npm tarball'), ...items(folders.npmPlans, 'plan of an installation')];
}

/** What only helps the next build: the last build of each project, and those that need not be done again. */
export function buildItems({ folders }: OpenCache): StoredItem[] {
  const items = (folder: string, text: string): StoredItem[] =>
    [...scanFiles(folder)].map((file) => smallItem(file, text));
  return [...items(folders.unchanged, 'an unchanged build'), ...items(folders.traces, 'the last build of a project')];
}

/** Nobody need claim it: a build that does not find it does more work. */
function smallItem({ path, name }: { readonly path: string; readonly name: string }, text: string): StoredItem {
  const stats = statSync(path, { throwIfNoEntry: false });
  return {
    kind: 'other',
    id: name,
    size: stats?.size ?? 0,
    usedMs: stats?.mtimeMs ?? 0,
    text,
    reachedBy: 'cache',
    files: [path],
    directories: [],
    claims: [],
  };
}

/** A file that was fetched from an address: its content is a blob. */
export interface FetchedRoot {
  readonly files: readonly string[];
  readonly usedMs: number;
}

/** Downloads by their content, which several addresses may have. */
export function findDownloads({ downloads }: OpenCache): Map<Digest, FetchedRoot> {
  const found = new Map<Digest, FetchedRoot>();
  for (const { path, record } of downloads.scan()) {
    if (record === undefined) continue;
    const before = found.get(record.digest);
    const usedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    found.set(record.digest, {
      files: [...(before?.files ?? []), path],
      usedMs: Math.max(usedMs, before?.usedMs ?? 0),
    });
  }
  return found;
}
