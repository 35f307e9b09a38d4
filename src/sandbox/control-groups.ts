import { join } from 'node:path';
import { noteControlGroup, removeControlGroup } from '../io/control-group.ts';
import { ownGroupFolders } from './control-group-tree.ts';

/**
 * Takes away the groups of a container, which a runtime that was killed leaves behind. It has made them below the group of
 * this process in each hierarchy. Those that stay go with the workspace of the build.
 */
export async function removeControlGroups(container: string): Promise<void> {
  await Promise.allSettled(groupsOf(container).map(removeControlGroup));
}

/** Notes where the groups of a container will be, for whoever removes the workspace of this build. */
export function noteControlGroups(container: string, workspace: string): void {
  for (const folder of groupsOf(container)) noteControlGroup(workspace, folder);
}

function groupsOf(container: string): string[] {
  return ownGroupFolders().map((folder) => join(folder, container));
}
