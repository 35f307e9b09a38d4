import { chmodSync, chownSync, lstatSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setModificationTime } from './modification-time.ts';
import type { Mounter } from './mounter.ts';
import type { MountOverlay } from './overlay.ts';
import { removeTree } from './removal.ts';

/** A stack of layer directories with a fresh one on top that takes all changes. */
export interface Snapshot {
  /** Lowest first. */
  readonly lowers: readonly string[];
  readonly upper: string;
  readonly merged: string;
  /** Paths that the last packed layer has. */
  packed: ReadonlySet<string>;
  /** Takes the merged view away; the changes stay. Idempotent. */
  unmount(): Promise<void>;
  /** Unmounts it and removes what was changed. Idempotent. */
  close(): Promise<void>;
}

export interface SnapshotParts {
  readonly tempDir: string;
  readonly mounter: Mounter;
  readonly mountOverlay: MountOverlay;
}

export async function openSnapshot(lowers: readonly string[], parts: SnapshotParts): Promise<Snapshot> {
  const folder = mkdtempSync(join(parts.tempDir, 'snapshot-'));
  const { upper, merged } = await parts.mountOverlay({ folder, lowers, writable: true });
  setRootMetadata(upper, lowers.at(-1));
  let closing: Promise<void> | undefined;
  let unmounting: Promise<void> | undefined;
  const unmount = (): Promise<void> => {
    unmounting ??= parts.mounter.unmount(merged);
    return unmounting;
  };
  const close = async (): Promise<void> => {
    await unmount();
    await removeTree(folder);
  };
  return {
    lowers,
    upper,
    merged,
    packed: new Set(),
    unmount,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** The root of an overlay is that of its upper directory. */
function setRootMetadata(upper: string, below: string | undefined): void {
  const { mode, uid, gid, mtimeNs } = lstatSync(below ?? upper, { bigint: true });
  chownSync(upper, Number(uid), Number(gid));
  chmodSync(upper, below === undefined ? 0o755 : Number(mode & 0o7777n));
  setModificationTime(upper, mtimeNs);
}
