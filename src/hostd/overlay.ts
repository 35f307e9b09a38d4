import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { HostError } from '../core/errors.ts';
import { errnoOf } from '../io/host-error.ts';
import type { HostFlavor } from '../rootfs/host-messages.ts';
import type { Mounter } from './mounter.ts';

export interface OverlayRequest {
  /** New, empty folder for its parts; on the file system where changes are to be kept. */
  readonly folder: string;
  /** Lowest first. */
  readonly lowers: readonly string[];
  readonly writable: boolean;
}

export interface Overlay {
  /** What was changed, in overlayfs' own form. */
  readonly upper: string;
  /** All of it, stacked. */
  readonly merged: string;
}

export type MountOverlay = (request: OverlayRequest) => Promise<Overlay>;

/** Changes are named by overlayfs in the simplest form, and no lower directory can redirect to another place. */
const PLAIN = ['redirect_dir=nofollow', 'metacopy=off', 'index=off'];

/** Stacks directories with overlayfs (Documentation/filesystems/overlayfs.rst). */
export function overlayMounter(mounter: Mounter, flavor: HostFlavor): MountOverlay {
  return async ({ folder, lowers, writable }) => {
    const overlay: Overlay = { upper: join(folder, 'upper'), merged: join(folder, 'merged') };
    for (const name of ['upper', 'work', 'merged', 'empty', 'l']) mkdirSync(join(folder, name));
    const names = linkLowers(folder, lowers);
    const changes = writable ? ['upperdir=upper', 'workdir=work'] : [];
    const attributes = flavor === 'root' ? [] : ['userxattr'];
    const data = [`lowerdir=${names.join(':')}`, ...changes, ...PLAIN, ...attributes].join(',');
    await mountData(mounter, folder, data, writable);
    return overlay;
  };
}

/** Topmost first. Short names: the whole option string must fit into a page. The lowest one is empty: overlayfs wants two. */
function linkLowers(folder: string, lowers: readonly string[]): string[] {
  const names = lowers.map((lower, index) => {
    const name = `l/${index}`;
    symlinkSync(lower, join(folder, name));
    return name;
  });
  return [...names.reverse(), 'empty'];
}

async function mountData(mounter: Mounter, folder: string, data: string, writable: boolean): Promise<void> {
  const attempts = writable ? [`${data},volatile`, data] : [data];
  const failures: unknown[] = [];
  // `volatile` (Linux 5.10): a snapshot is dropped after a crash, so no fsync of the command need reach the disk.
  for (const attempt of attempts) {
    try {
      return await mounter.overlay(folder, attempt, 'merged');
    } catch (error) {
      failures.push(error);
    }
  }
  throw overlayRefused(folder, failures.at(-1));
}

function overlayRefused(folder: string, cause: unknown): HostError {
  const reason = errnoOf(cause instanceof Error && cause.cause !== undefined ? cause.cause : cause) ?? String(cause);
  return new HostError('HOST_NO_OVERLAY', `cannot stack layers with overlayfs in ${folder}: ${reason}`, {
    hint: 'choose a cache folder on a local file system such as ext4 or xfs (inside a container: a volume); as an ordinary user Linux 5.11 is needed',
    cause,
  });
}
