import type { DigestsByPath } from '../../core/digest.ts';
import type { Metadata, PackEntry } from '../../core/toc.ts';
import type { TreeNode } from '../../core/tree.ts';

/** The only extended attribute that counts (design 5, "Xattrs"). */
const CAPABILITY = 'security.capability';

export function capabilityOf({ xattrs }: Metadata): string | undefined {
  return xattrs?.[CAPABILITY];
}

type Draft = { -readonly [Key in keyof PackEntry]: PackEntry[Key] };

/** @param digests by path on this machine, of contents that the node does not tell */
export function toEntry(path: string, node: TreeNode, digests?: DigestsByPath): PackEntry {
  const { type, size, link, major, minor, source } = node;
  const digest = node.digest ?? (source?.kind === 'path' ? digests?.get(source.path) : undefined);
  const entry = draft(path, type, node);
  entry.size = size;
  if (link !== undefined) entry.link = link;
  if (major !== undefined) entry.major = major;
  if (minor !== undefined) entry.minor = minor;
  if (digest !== undefined) entry.digest = digest;
  if (source !== undefined && size > 0) entry.source = source;
  return entry;
}

export function toHardlink(path: string, node: TreeNode, link: string): PackEntry {
  return { ...draft(path, 'hardlink', node), link };
}

function draft(path: string, type: PackEntry['type'], node: Metadata): Draft {
  const { mode, uid, gid, mtime, mtimeNanoseconds } = node;
  const entry: Draft = { path, type, mode, uid, gid, mtime, size: 0 };
  const capability = capabilityOf(node);
  if (mtimeNanoseconds !== undefined) entry.mtimeNanoseconds = mtimeNanoseconds;
  if (capability !== undefined) entry.xattrs = { [CAPABILITY]: capability };
  return entry;
}
