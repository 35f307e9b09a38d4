import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeAbandonedGroup } from '../io/control-group.ts';
import { ownGroupFolders } from '../sandbox/control-group-tree.ts';

/** How the groups of commands are named: by us, and by OCI runtimes after the container. */
export const GROUP_PREFIX = 'lamella-';

/** Removes what killed hosts left, as far as this process can see it. */
export function reclaimGroups(): void {
  for (const parent of ownGroupFolders()) {
    for (const name of readdirSync(parent)) if (name.startsWith(GROUP_PREFIX)) removeAbandonedGroup(join(parent, name));
  }
}
