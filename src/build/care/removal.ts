import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, toHostError } from '../../io/host-error.ts';
import { createWorkspace } from '../../io/workspace.ts';
import { removeForeign } from '../leftovers.ts';
import type { OpenCache } from './open-cache.ts';

/**
 * Takes trees out of a cache: each vanishes at once, and is removed when this is disposed, which takes longer. Files of
 * subordinate ids are removed with the help of a sandbox host.
 */
export interface Removal extends AsyncDisposable {
  take(path: string): void;
}

export function openRemoval({ folders }: Pick<OpenCache, 'folders'>): Removal {
  const workspace = createWorkspace(folders.temporary);
  const taken: string[] = [];
  return {
    take(path) {
      const away = join(workspace.path, randomUUID());
      if (moveAway(path, away)) taken.push(away);
    },
    async [Symbol.asyncDispose]() {
      await using _workspace = workspace;
      const foreign: string[] = [];
      for (const path of taken) if (!(await removeOwn(path))) foreign.push(path);
      await removeForeign(foreign, folders);
    },
  };
}

function moveAway(path: string, away: string): boolean {
  try {
    renameSync(path, away);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw toHostError(error, 'remove', path);
  }
}

async function removeOwn(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
