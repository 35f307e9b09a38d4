import type { Metadata, PackEntry } from '../../core/toc.ts';
import type { TreeNode } from '../../core/tree.ts';

/** The only extended attribute that counts (design 5, "Xattrs"). */
const CAPABILITY = 'security.capability';

export function capabilityOf({ xattrs }: Metadata): string | undefined {
  return xattrs?.[CAPABILITY];
}

export function toEntry(path: string, node: TreeNode): PackEntry {
  const { type, size, link, major, minor, digest, source } = node;
  return {
    path,
    type,
    ...metadataOf(node),
    size,
    ...(link !== undefined && { link }),
    ...(major !== undefined && { major }),
    ...(minor !== undefined && { minor }),
    ...(digest !== undefined && { digest }),
    ...(source !== undefined && size > 0 && { source }),
  };
}

export function toHardlink(path: string, node: TreeNode, link: string): PackEntry {
  return { path, type: 'hardlink', ...metadataOf(node), size: 0, link };
}

function metadataOf(node: Metadata): Metadata {
  const { mode, uid, gid, mtime, mtimeNanoseconds } = node;
  const capability = capabilityOf(node);
  return {
    mode,
    uid,
    gid,
    mtime,
    ...(mtimeNanoseconds !== undefined && { mtimeNanoseconds }),
    ...(capability !== undefined && { xattrs: { [CAPABILITY]: capability } }),
  };
}
