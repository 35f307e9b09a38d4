import { join } from 'node:path';
import { removeControlGroup } from '../io/control-group.ts';
import { ownGroupFolders } from './control-group-tree.ts';

/**
 * Takes away the groups of a container, which a runtime that was killed leaves behind. It has made them below the group of
 * this process in each hierarchy. Those that stay are removed as abandoned ones when a host starts.
 */
export async function removeControlGroups(container: string): Promise<void> {
  await Promise.allSettled(ownGroupFolders().map((folder) => removeControlGroup(join(folder, container))));
}
