import { accessSync, constants } from 'node:fs';
import type { SnapshotterName } from '../../src/core/sandbox.ts';
import { requireTool } from './host.ts';
import { type SandboxUser, sandboxUsers } from './sandbox-user.ts';

export interface SnapshotterCase {
  readonly name: SnapshotterName;
  readonly user: SandboxUser;
}

/** Every snapshotter that this machine has, for each of its users; fuse-overlayfs where the user may open /dev/fuse. */
export function snapshotterCases(): SnapshotterCase[] {
  const hasFuse = requireTool('fuse-overlayfs') && isOpen('/dev/fuse');
  const names: SnapshotterName[] = ['overlay', ...(hasFuse ? (['fuse-overlayfs'] as const) : []), 'copy'];
  const cases = sandboxUsers().flatMap((user) => names.map((name) => ({ name, user })));
  return cases.filter(({ name, user }) => name !== 'fuse-overlayfs' || user.uid === 0);
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
