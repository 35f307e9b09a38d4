import { appendFileSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from './host-error.ts';

/** How the groups of commands are named: by us, and by OCI runtimes after the container. */
export const GROUP_PREFIX = 'lamella-';

/** File in the workspace of a build. */
const NOTES = 'control-groups';

/** Notes a control group of a build in its workspace, before it is made: whoever removes the workspace removes it too. */
export function noteControlGroup(workspace: string, folder: string): void {
  appendFileSync(join(workspace, NOTES), `${folder}\n`);
}

function notedControlGroups(workspace: string): string[] {
  try {
    const lines = readFileSync(join(workspace, NOTES), 'utf8').split('\n');
    return lines.filter((folder) => basename(folder).startsWith(GROUP_PREFIX));
  } catch {
    return [];
  }
}

/** Removes the groups of a build that has ended; waits for processes as {@link removeControlGroup} does. */
export async function removeNotedGroups(workspace: string): Promise<void> {
  for (const folder of notedControlGroups(workspace)) await removeControlGroup(folder);
}

/**
 * The same without waiting.
 * @throws Error `EBUSY` where a process of the build has not ended yet
 */
export function removeNotedGroupsNow(workspace: string): void {
  for (const folder of notedControlGroups(workspace)) {
    try {
      removeTree(folder);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

/** A process moves into its group at once: one that is empty for longer was left by a process that was killed. */
const ABANDONED_MS = 60_000;
const TRIES = 100;

/**
 * Removes a control group with those in it; what is absent already is success. Processes that were killed leave their
 * group a moment later: it is waited for, some seconds at most.
 */
export async function removeControlGroup(folder: string): Promise<void> {
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

/** Removes a control group that nobody uses any more and whose workspace is gone with its cache, if this process may. */
export function removeAbandonedGroup(folder: string): void {
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
