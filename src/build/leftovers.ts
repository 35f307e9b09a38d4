import { dirname } from 'node:path';
import { reclaimTemporaryFiles } from '../io/atomic-file.ts';
import { createWorkspace, reclaimWorkspaces, type Workspace } from '../io/workspace.ts';
import { type SandboxHost, startSandboxHost } from '../rootfs/sandbox-host.ts';
import type { CacheFolders } from './cache-folders.ts';

/** What killed builds left and this user may not remove, being files of subordinate ids. A sandbox host may. */
export interface Leftovers {
  /** Removes them with a host that is there anyway. */
  removeWith(host: Pick<SandboxHost, 'reclaim'>): Promise<void>;
  /** Removes what is still there, and a workspace whose own host could not clear it; starts a host where it takes one. */
  removeWithWorkspace(workspace: Workspace): Promise<void>;
}

/** Removes what killed builds left, as far as this user may. */
export function reclaimLeftovers(folders: CacheFolders): Leftovers {
  const found = reclaimWorkspaces(folders.temporary);
  let { left } = found;
  return {
    async removeWith(host) {
      if (left.length > 0) await host.reclaim(left);
      left = [];
    },
    async removeWithWorkspace(workspace) {
      const own = (await isRemoved(workspace)) ? [] : [workspace.path];
      await removeForeign([...left, ...own], folders);
      if (found.isAfterKill) reclaimHalfWritten(folders);
    },
  };
}

/** Removes files that were being written when a build was killed. */
export function reclaimHalfWritten(folders: CacheFolders): void {
  const { records, longValues, traces, definitions, blobs, blocks, repositories, tocs } = folders;
  const { pulled, downloads, npmTarballs, npmPlans, kept, unchanged, used, store, sizes } = folders;
  const deep = [
    records,
    longValues,
    traces,
    definitions,
    blobs,
    blocks,
    repositories,
    tocs,
    pulled,
    downloads,
    npmTarballs,
    npmPlans,
    kept,
    unchanged,
    used,
  ];
  for (const folder of deep) reclaimTemporaryFiles(folder, { deep: true });
  for (const folder of [store, dirname(sizes)]) reclaimTemporaryFiles(folder, { deep: false });
}

async function isRemoved(workspace: Workspace): Promise<boolean> {
  try {
    await workspace[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  }
}

/** Removes folders with files of subordinate ids, by a sandbox host that is started for it. */
export async function removeForeign(paths: readonly string[], folders: CacheFolders): Promise<void> {
  if (paths.length === 0) return;
  // Nothing that is mounted may lie in what is removed.
  await using workspace = createWorkspace(folders.temporary);
  await using host = await startSandboxHost({
    stateDir: folders.snapshots,
    tempDir: workspace.path,
    isolation: 'auto',
  });
  await host.reclaim(paths);
}
