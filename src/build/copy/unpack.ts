import { joinPath, parentPath } from '../../core/paths.ts';
import type { PackEntry } from '../../core/toc.ts';
import type { TreeNode } from '../../core/tree.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import { badArchiveLink, linkLoop } from './copy-error.ts';
import type { Destination } from './destination.ts';
import type { PlacedNode } from './placed-entries.ts';
import { type Placement, resolveTarget } from './placement.ts';

/**
 * Lays an archive over the destination directory, in the order of its entries (reference, section 11, ADD): directories
 * merge, everything else is replaced, `--chmod` does not count. Parents that the archive leaves out are made, and
 * followed where they are symbolic links, as by tar. What the archive says of
 * its own root counts for nothing.
 * @throws StepError `STEP_COPY_NOT_A_DIRECTORY`, `STEP_COPY_LINK_LOOP`, `STEP_ADD_BAD_LINK`
 */
export function unpackArchive(entries: readonly PackEntry[], placement: Placement, created: TreeNode): void {
  const { destination, owner } = placement;
  const target = resolveTarget(placement);
  destination.ensureDirectory(target, created);
  for (const entry of entries) {
    if (entry.path === '') continue;
    const path = locate(destination, joinPath(target, entry.path));
    const node = entry.type === 'hardlink' ? linkedNode(destination, target, entry) : toNode(entry);
    destination.ensureDirectory(parentPath(path), created);
    destination.replace(path, { ...node, ...owner });
  }
}

/** The parent's symbolic links are followed, the last component's is not. */
function locate(destination: Destination, path: string): string {
  const located = resolvePath(destination, path, true);
  if (located === undefined) throw linkLoop(`/${path}`);
  return located;
}

/** The file that a hard link names becomes the link's file too. */
function linkedNode(destination: Destination, target: string, { path, link = '' }: PackEntry): PlacedNode {
  const linkedPath = locate(destination, joinPath(target, link));
  const node = destination.lookup(linkedPath);
  if (node === undefined || node.type === 'directory') throw badArchiveLink(path, link);
  return destination.share(linkedPath, node);
}

function toNode(entry: PackEntry): TreeNode {
  const { path: _, type, ...fields } = entry;
  return { ...fields, type: type === 'hardlink' ? 'file' : type };
}
