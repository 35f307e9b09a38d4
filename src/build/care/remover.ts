import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, toHostError } from '../../io/host-error.ts';
import { createWorkspace } from '../../io/workspace.ts';
import { startSandboxHost } from '../../rootfs/sandbox-host.ts';
import type { OpenCache } from './open-cache.ts';

export interface Remover {
  /** Removes trees, also those whose files belong to subordinate ids: then with the help of a sandbox host. */
  remove(paths: readonly string[]): Promise<void>;
}

/** They vanish at once, under another name, so that nobody finds half of one. */
export function createRemover({ folders }: Pick<OpenCache, 'folders'>): Remover {
  return {
    async remove(paths) {
      if (paths.length === 0) return;
      await using workspace = createWorkspace(folders.temporary);
      const moved = paths.map((path) => [path, join(workspace.path, randomUUID())] as const);
      const foreign: string[] = [];
      for (const [path, away] of moved) {
        if (!moveAway(path, away)) continue;
        if (!(await removeOwn(away))) foreign.push(away);
      }
      if (foreign.length > 0) await removeForeign(foreign, folders.snapshots, workspace.path);
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

async function removeForeign(paths: readonly string[], stateDir: string, tempDir: string): Promise<void> {
  await using host = await startSandboxHost({ stateDir, tempDir, isolation: 'auto' });
  await host.reclaim(paths);
}
