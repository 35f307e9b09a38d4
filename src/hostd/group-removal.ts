import { readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../io/host-error.ts';
import { ownGroupFolders } from './control-group-tree.ts';

/** How the groups of commands are named: by us, and by OCI runtimes after the container. */
export const GROUP_PREFIX = 'lamella-';

/** A process moves into its group at once: one that is empty for longer was left by a host that was killed. */
const ABANDONED_MS = 60_000;
const TRIES = 100;

/** Removes a group with those in it. Processes that were killed leave their group a moment later. */
export async function removeGroup(folder: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return removeTree(folder);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      if (errnoOf(error) !== 'EBUSY' || tries === TRIES) throw error;
      await delay(tries);
    }
  }
}

/** Removes what killed hosts left, as far as this process can see it. */
export function reclaimGroups(): void {
  for (const parent of ownGroupFolders()) {
    for (const name of readdirSync(parent)) if (name.startsWith(GROUP_PREFIX)) reclaim(join(parent, name));
  }
}

function reclaim(folder: string): void {
  try {
    if (Date.now() - statSync(folder).mtimeMs > ABANDONED_MS) removeTree(folder);
  } catch {
    // It is in use, or gone, or somebody else's.
  }
}

/** The files of a group go with it. */
function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  rmdirSync(folder);
}
