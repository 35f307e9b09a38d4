import { mkdirSync, mkdtempSync, realpathSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { HostFlavor, HostSettings } from '../rootfs/host-messages.ts';
import { makeNode } from './attributes.ts';
import { chooseSnapshotter } from './choose-snapshotter.ts';
import { hideControlGroups } from './control-groups.ts';
import { createCopyMounter } from './copy-mounter.ts';
import { DeviceFolders } from './device-folder.ts';
import type { LayerDirectories } from './layer-directories.ts';
import { Leisure } from './leisure.ts';
import { createMounter, type Mounter } from './mounter.ts';
import { OpenSnapshots } from './open-snapshots.ts';
import { reclaimGroups } from './reclaim-groups.ts';
import { removeTree } from './removal.ts';
import { Sandboxes } from './sandboxes.ts';
import type { Snapshotter } from './snapshotter.ts';

/** What the sandbox host of one build works with. */
export interface Workshop {
  readonly tempDir: string;
  /** In memory: making and removing a folder on a disk costs more than what is mounted on it. */
  readonly pointsDir: string;
  readonly flavor: HostFlavor;
  readonly mounter: Mounter;
  readonly snapshotter: Snapshotter;
  /** Better ones that do not work here, and why. */
  readonly passedOver: readonly string[];
  readonly layers: LayerDirectories;
  readonly sandboxes: Sandboxes;
  readonly snapshots: OpenSnapshots;
  readonly devices: DeviceFolders;
  readonly leisure: Leisure;
  /** Whether device nodes can be made: else their absence says nothing. */
  readonly makesDevices: boolean;
  close(): Promise<void>;
}

export async function openWorkshop(wanted: HostSettings): Promise<Workshop> {
  mkdirSync(wanted.tempDir, { recursive: true });
  // What is mounted is found again by its name: without links.
  const settings = { ...wanted, tempDir: realpathSync(wanted.tempDir) };
  const { tempDir, isolation, flavor } = settings;
  const mounter = isolation === 'chroot' ? createCopyMounter(tempDir) : createMounter();
  if (isolation !== 'chroot') await hideControlGroups(mounter, flavor);
  if (flavor === 'root') reclaimGroups();
  const ownDir = mkdtempSync(join(tempDir, 'host-'));
  const pointsDir = join(ownDir, 'points');
  mkdirSync(pointsDir);
  await mounter.fileSystem('tmpfs', pointsDir, 'mode=700');
  const choice = await chooseSnapshotter(isolation === 'chroot' ? { ...settings, snapshotter: 'copy' } : settings, {
    mounter,
    ownDir,
    pointsDir,
  });
  const snapshots = new OpenSnapshots(choice);
  return {
    ...choice,
    tempDir,
    pointsDir,
    flavor,
    mounter,
    sandboxes: new Sandboxes({ isolation, flavor, workspace: tempDir }),
    snapshots,
    devices: new DeviceFolders({ mounter, flavor, pointsDir }),
    leisure: new Leisure(),
    makesDevices: canMakeDevices(tempDir),
    async close() {
      await snapshots.closeAll();
      await choice.snapshotter.close();
      await choice.layers.ahead.close();
      await mounter.unmount(pointsDir);
      await removeTree(ownDir);
    },
  };
}

function canMakeDevices(tempDir: string): boolean {
  const path = join(tempDir, 'device');
  try {
    makeNode(path, 'character', 0o600, NULL_DEVICE.major, NULL_DEVICE.minor);
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

const NULL_DEVICE = { major: 1, minor: 3 } as const;
