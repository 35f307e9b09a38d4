import { existsSync, mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { HostFlavor } from '../rootfs/host-messages.ts';
import type { Mounter } from './mounter.ts';

const ROOT = '/sys/fs/cgroup';
const UNIFIED = join(ROOT, 'unified');
/** CGROUP2_SUPER_MAGIC of the kernel. */
const CGROUP2 = 0x63677270;

/**
 * Takes control groups of version 1 out of the sight of OCI runtimes, which look at them even when told to leave them
 * alone: crun refuses both versions side by side; and those of another user namespace cannot be used. runc wants to make
 * a group in each hierarchy, and goes on only where the answer is that the file system is read-only.
 */
export async function hideControlGroups(mounter: Mounter, flavor: HostFlavor): Promise<void> {
  if (!existsSync(ROOT) || statfsSync(ROOT).type === CGROUP2) return;
  if (flavor === 'root') {
    if (existsSync(join(UNIFIED, 'cgroup.procs'))) await mounter.unmount(UNIFIED);
    return;
  }
  const hierarchies = readdirSync(ROOT);
  await mounter.fileSystem('tmpfs', ROOT, 'mode=755,size=64k');
  for (const name of hierarchies) mkdirSync(join(ROOT, name));
  await mounter.protect(ROOT);
}
