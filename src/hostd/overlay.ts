import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HostFlavor } from '../rootfs/host-messages.ts';
import type { Mounter } from './mounter.ts';
import type { ViewRequest } from './snapshotter.ts';

export interface Overlay {
  /** What was changed, in overlayfs' own form. */
  readonly upper: string;
  /** All of it, stacked. */
  readonly merged: string;
}

/** Stacks directories: new ones of which nothing is left when the mount is refused, but the folder that was given. */
export type MountOverlay = (request: ViewRequest) => Promise<Overlay>;

/** Changes are named by overlayfs in the simplest form, and no lower directory can redirect to another place. */
const PLAIN = ['redirect_dir=nofollow', 'metacopy=off', 'index=off'];

/** Stacks directories with the kernel's overlayfs (Documentation/filesystems/overlayfs.rst). */
export function kernelOverlay(mounter: Mounter, flavor: HostFlavor): MountOverlay {
  const attributes = flavor === 'root' ? [] : ['userxattr'];
  return async (request) => {
    const { overlay, data } = prepare(request);
    const options = [data, ...PLAIN, ...attributes].join(',');
    if (request.writable) await mountVolatile(mounter, request.folder, options);
    else await mounter.overlay(request.folder, options, 'merged');
    return overlay;
  };
}

/** `volatile` (Linux 5.10): a snapshot is dropped after a crash, so no fsync of the command need reach the disk. */
async function mountVolatile(mounter: Mounter, folder: string, options: string): Promise<void> {
  try {
    await mounter.overlay(folder, `${options},volatile`, 'merged');
  } catch {
    await mounter.overlay(folder, options, 'merged');
  }
}

/** A program that does not answer is killed. */
const FUSE_DEADLINE_MS = 10_000;

/** Stacks directories with the program fuse-overlayfs, which stays until its mount is taken away. */
export function fuseOverlay(program: string): MountOverlay {
  return async (request) => {
    const { overlay, data } = prepare(request);
    await promisify(execFile)(program, ['-o', data, 'merged'], { cwd: request.folder, timeout: FUSE_DEADLINE_MS });
    return overlay;
  };
}

function prepare({ folder, lowers, writable }: ViewRequest): { readonly overlay: Overlay; readonly data: string } {
  for (const name of ['upper', 'work', 'merged', 'empty', 'l']) mkdirSync(join(folder, name));
  const changes = writable ? ['upperdir=upper', 'workdir=work'] : [];
  return {
    overlay: { upper: join(folder, 'upper'), merged: join(folder, 'merged') },
    data: [`lowerdir=${linkLowers(folder, lowers).join(':')}`, ...changes].join(','),
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
