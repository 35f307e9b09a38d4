import { type BigIntStats, chmodSync, constants, copyFileSync, lchownSync, readlinkSync, symlinkSync } from 'node:fs';
import { splitDevice } from '../io/libc/device-number.ts';
import { makeNode, readCapability, writeCapability } from './attributes.ts';
import { setModificationTime } from './modification-time.ts';

/** Copies what is no directory, with all that a layer keeps. Blocks are shared where the file system can (FICLONE). */
export function copyFile(from: string, to: string, stats: BigIntStats): void {
  if (stats.isFile()) copyFileSync(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  else if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else copyNode(to, stats);
  copyMetadata(to, stats);
  const capability = stats.isFile() ? readCapability(from) : undefined;
  // Giving a file away takes its capabilities.
  if (capability !== undefined) writeCapability(to, capability);
}

function copyNode(to: string, stats: BigIntStats): void {
  const { major, minor } = splitDevice(stats.rdev);
  const type = stats.isFIFO() ? 'fifo' : stats.isBlockDevice() ? 'block' : 'character';
  makeNode(to, type, 0o600, major, minor);
}

export function copyMetadata(to: string, stats: BigIntStats): void {
  lchownSync(to, Number(stats.uid), Number(stats.gid));
  if (!stats.isSymbolicLink()) chmodSync(to, Number(stats.mode & 0o7777n));
  setModificationTime(to, stats.mtimeNs);
}
