import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from 'node:fs';
import type { Metadata } from '../core/toc.ts';

export type Ownership = 'keep' | 'ignore';

/** Owner first: giving a file away takes its setuid and setgid bits and its capabilities. */
export function setFileMetadata(fd: number, metadata: Metadata, ownership: Ownership): void {
  if (ownership === 'keep') fchownSync(fd, metadata.uid, metadata.gid);
  fchmodSync(fd, metadata.mode);
  const time = timeOf(metadata);
  futimesSync(fd, time, time);
}

/** For what is no symbolic link, at a path whose parents are real directories. */
export function setPathMetadata(hostPath: string, metadata: Metadata, ownership: Ownership): void {
  if (ownership === 'keep') lchownSync(hostPath, metadata.uid, metadata.gid);
  chmodSync(hostPath, metadata.mode);
  const time = timeOf(metadata);
  lutimesSync(hostPath, time, time);
}

/** A symbolic link has no mode of its own. */
export function setLinkMetadata(hostPath: string, metadata: Metadata, ownership: Ownership): void {
  if (ownership === 'keep') lchownSync(hostPath, metadata.uid, metadata.gid);
  const time = timeOf(metadata);
  lutimesSync(hostPath, time, time);
}

/** Node takes negative numbers for the present, but not negative dates. */
function timeOf({ mtime, mtimeNanoseconds = 0 }: Metadata): number | Date {
  return mtime < 0 ? new Date(mtime * 1000) : mtime + mtimeNanoseconds / 1e9;
}
