import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GROUP_PREFIX, removeAbandonedGroup } from '../io/control-group.ts';
import { ownGroupFolders } from '../sandbox/control-group-tree.ts';

/**
 * Removes what killed hosts left, as far as this process can see it. The groups of a build go with its workspace, at once;
 * these are of builds whose cache was removed before another build could do that.
 */
export function reclaimGroups(): void {
  for (const parent of ownGroupFolders()) {
    for (const name of readdirSync(parent)) if (name.startsWith(GROUP_PREFIX)) removeAbandonedGroup(join(parent, name));
  }
}
