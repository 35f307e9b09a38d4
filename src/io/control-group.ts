import { readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from './host-error.ts';

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

/** Removes a control group that nobody uses any more, if this process may. */
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
