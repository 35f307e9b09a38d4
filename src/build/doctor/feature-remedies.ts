import { closeSync, constants, openSync } from 'node:fs';
import type { IsolationMethod } from '../../core/sandbox.ts';
import { errnoOf } from '../../io/host-error.ts';
import { findProgram } from '../../io/programs.ts';
import type { SnapshotterChoice } from '../../rootfs/host-messages.ts';
import type { Machine } from '../../rootfs/machine.ts';
import { findObstacle, installCommand } from '../../rootfs/obstacles.ts';
import { containerRemedies } from '../../rootfs/remedies.ts';

/** `closed`: by its mode. `denied`: by the rules of the container around. */
export type DeviceState = 'open' | 'closed' | 'denied' | 'missing';

/** What of a machine decides which snapshotters, networks and bounds there are. */
export interface FeatureFacts {
  readonly machine: Machine;
  /** That with which they were tried. */
  readonly method: IsolationMethod;
  /** Of slirp4netns, pasta and fuse-overlayfs those that are installed. */
  readonly programs: readonly string[];
  /** /dev/net/tun. */
  readonly tun: DeviceState;
  /** /dev/fuse. */
  readonly fuse: DeviceState;
}

export function readFeatureFacts(method: IsolationMethod, machine: Machine): FeatureFacts {
  const programs = ['slirp4netns', 'pasta', 'fuse-overlayfs'].filter((name) => findProgram(name) !== undefined);
  return { machine, method, programs, tun: deviceState('/dev/net/tun'), fuse: deviceState('/dev/fuse') };
}

/** What would enable a better snapshotter than this. */
export function snapshotterRemedies({ name }: Pick<SnapshotterChoice, 'name'>, facts: FeatureFacts): string[] {
  const { machine, method, programs, fuse } = facts;
  if (name === 'overlay') return [];
  // It can mount nothing: copies are what it has.
  if (method === 'chroot') return obstacleRemedies(machine);
  const isContained = machine.container !== undefined;
  const place = `a cache folder on ${isContained ? 'a volume' : 'a local file system such as ext4 or xfs'}: --cache-dir DIR`;
  if (name === 'fuse-overlayfs') return [place];
  const missing = programs.includes('fuse-overlayfs') ? [] : [installCommand('fuse-overlayfs', machine)];
  return [place, ...missing, ...deviceRemedies('/dev/fuse', 'fuse', fuse, machine)];
}

/** What would let a command have a network of its own. */
export function networkRemedies({ machine, method, programs, tun }: FeatureFacts): string[] {
  if (method === 'chroot') return obstacleRemedies(machine);
  const device = [...deviceRemedies('/dev/net/tun', 'tun', tun, machine), ...networkRights(machine)];
  const [hasSlirp, hasPasta] = [programs.includes('slirp4netns'), programs.includes('pasta')];
  if (!hasSlirp && !hasPasta) return [installCommand('slirp4netns', machine), ...device];
  if (device.length > 0) return device;
  if (hasSlirp && hasPasta) return [];
  return [installCommand(hasSlirp ? 'passt' : 'slirp4netns', machine)];
}

/** Root makes the network interface with its own rights, others with those of their user namespace. */
function networkRights(machine: Machine): string[] {
  const { isRoot, canAdminister, canAdministerNetwork } = machine;
  if (!isRoot || !canAdminister || canAdministerNetwork) return [];
  return [containerRemedies(machine).capability('NET_ADMIN')];
}

/** What would bind commands as a whole. */
export function boundsRemedies({ machine }: Pick<FeatureFacts, 'machine'>): string[] {
  const { container, isRoot } = machine;
  if (container !== undefined) return [`limits for the whole container: ${containerRemedies(machine).limits}`];
  const scope = `systemd-run ${isRoot ? '' : '--user '}--scope`;
  return [
    `${scope} -p Delegate=yes lamella build …`,
    ...(isRoot ? [] : ['build as root: sudo -E npx lamella build …']),
    `${scope} -p MemoryMax=4G -p TasksMax=500 lamella build … (limits for the whole build)`,
  ];
}

function obstacleRemedies(machine: Machine): string[] {
  return [...(findObstacle(machine)?.remedies ?? [])];
}

function deviceRemedies(path: string, kernelModule: string, state: DeviceState, machine: Machine): string[] {
  const { container, isRoot } = machine;
  const sudo = isRoot ? '' : 'sudo ';
  if (state === 'open') return [];
  if (state === 'closed') return [`${sudo}chmod 666 ${path}`];
  if (container !== undefined || state === 'denied') return [containerRemedies(machine).device(path)];
  return [`${sudo}modprobe ${kernelModule}`];
}

/** Every other errno is that of a device without its file, or without its kernel module. */
const REFUSALS: Readonly<Record<string, DeviceState>> = { EACCES: 'closed', EPERM: 'denied' };

/** Only opening it tells: rules of a container's devices do not show in its mode. */
function deviceState(path: string): DeviceState {
  try {
    closeSync(openSync(path, constants.O_RDWR));
    return 'open';
  } catch (error) {
    return REFUSALS[errnoOf(error) ?? ''] ?? 'missing';
  }
}
