import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeNotedGroups, removeNotedGroupsNow } from './control-group.ts';
import { toHostError } from './host-error.ts';
import { isLeased, tryAcquireLease } from './lease.ts';
import { makeFolder } from './make-folder.ts';

const LEASE = 'lease';
const GRACE_MS = 60_000;

/** A temporary folder of one build. Disposing removes it; after a SIGKILL the next build reclaims it. */
export interface Workspace extends AsyncDisposable {
  readonly path: string;
}

/** Makes a temporary folder below `parent` that carries the lease of this process. */
export function createWorkspace(parent: string): Workspace {
  const path = makeTemporaryFolder(parent);
  try {
    tryAcquireLease(join(path, LEASE));
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
  return { path, [Symbol.asyncDispose]: () => removeWorkspace(path, (part) => rm(part, REMOVAL)) };
}

const REMOVAL = { recursive: true, force: true, maxRetries: 3 } as const;

/**
 * Removes a workspace, with the control groups that are noted in it, by what removes a tree, its lease last: whoever is ended while at it leaves one that others know to
 * be abandoned.
 */
export async function removeWorkspace(path: string, remove: (part: string) => Promise<void>): Promise<void> {
  await removeNotedGroups(path);
  for (const name of namesIn(path)) if (name !== LEASE) await remove(join(path, name));
  await remove(path);
}

export interface Reclaimed {
  /** Whether there was any: then what was being written beside it may be half written. */
  readonly isAfterKill: boolean;
  readonly left: readonly string[];
}

/**
 * Removes the folders below `parent` whose process is gone. `left` are those that this user may not remove (files of
 * subordinate ids), and those whose commands have not ended yet: a sandbox host can, and waits.
 */
export function reclaimWorkspaces(parent: string): Reclaimed {
  const abandoned = staleFolders(parent);
  const left: string[] = [];
  for (const path of abandoned) {
    try {
      reclaim(path);
    } catch {
      left.push(path);
    }
  }
  return { isAfterKill: abandoned.length > 0, left };
}

function namesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

/** As {@link removeWorkspace}. */
function reclaim(path: string): void {
  removeNotedGroupsNow(path);
  for (const name of namesIn(path)) if (name !== LEASE) rmSync(join(path, name), REMOVAL);
  rmSync(path, REMOVAL);
}

function staleFolders(parent: string): string[] {
  try {
    return readdirSync(parent)
      .map((name) => join(parent, name))
      .filter(isAbandoned);
  } catch {
    return [];
  }
}

/** A folder without its lease may be one that another process is making, or removing, at this moment. */
function isAbandoned(path: string): boolean {
  try {
    if (readdirSync(path).includes(LEASE)) return !isLeased(join(path, LEASE));
    return Date.now() - statSync(path).mtimeMs > GRACE_MS;
  } catch {
    return false;
  }
}

function makeTemporaryFolder(parent: string): string {
  try {
    makeFolder(parent);
    return mkdtempSync(join(parent, 'build-'));
  } catch (error) {
    throw toHostError(error, 'make a temporary folder in', parent);
  }
}
