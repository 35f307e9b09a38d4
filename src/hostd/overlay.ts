import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
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

const WORK = 'work';

/** The work directory of an overlay in a folder; the kernel makes one of its own in it. */
export function overlayWork(folder: string): string {
  return join(folder, WORK);
}

/** Where a volatile overlay makes its mark. */
const MARK = [WORK, 'work', 'incompat', 'volatile', 'dirty'];

/** What an overlay leaves, children first, when its changes were taken away. */
export const OVERLAY_FRAME: readonly string[] = MARK.map((_, depth) => MARK.slice(0, MARK.length - depth).join('/'));

/** Changes are named by overlayfs in the simplest form, and no lower directory can redirect to another place. */
const PLAIN = ['redirect_dir=nofollow', 'metacopy=off', 'index=off'];

export interface OverlayPlaces {
  /** For what this host keeps to itself; on the file system of the layers. */
  readonly ownDir: string;
  /** Where overlays appear; in memory. */
  readonly pointsDir: string;
}

export interface KernelOverlayOptions extends OverlayPlaces {
  readonly mounter: Mounter;
  readonly flavor: HostFlavor;
}

/** Stacks directories with the kernel's overlayfs (Documentation/filesystems/overlayfs.rst). */
export function kernelOverlay({ mounter, flavor, ...places }: KernelOverlayOptions): MountOverlay {
  const names = new ShortNames(places, 'k');
  const attributes = flavor === 'root' ? [] : ['userxattr'];
  return async (request) => {
    const { overlay, data, target } = prepare(request, names, places);
    const options = [data, ...PLAIN, ...attributes].join(',');
    const { pointsDir: folder } = places;
    if (request.writable) await mountVolatile(mounter, { folder, data: options, target });
    else await mounter.overlay(folder, options, target);
    return overlay;
  };
}

interface OverlayMount {
  readonly folder: string;
  readonly data: string;
  readonly target: string;
}

/** `volatile` (Linux 5.10): a snapshot is dropped after a crash, so no fsync of the command need reach the disk. */
async function mountVolatile(mounter: Mounter, { folder, data, target }: OverlayMount): Promise<void> {
  try {
    await mounter.overlay(folder, `${data},volatile`, target);
  } catch {
    await mounter.overlay(folder, data, target);
  }
}

/** A program that does not answer is killed. */
const FUSE_DEADLINE_MS = 10_000;

/** Stacks directories with the program fuse-overlayfs, which stays until its mount is taken away. */
export function fuseOverlay(program: string, places: OverlayPlaces): MountOverlay {
  const names = new ShortNames(places, 'f');
  return async (request) => {
    const { overlay, data, target } = prepare(request, names, places);
    await promisify(execFile)(program, ['-o', data, target], { cwd: places.pointsDir, timeout: FUSE_DEADLINE_MS });
    return overlay;
  };
}

interface PreparedOverlay {
  readonly overlay: Overlay;
  /** Paths in it, and the target, are relative to the folder in memory. */
  readonly data: string;
  readonly target: string;
}

function prepare(
  { folder, lowers, writable }: ViewRequest,
  names: ShortNames,
  { pointsDir }: OverlayPlaces,
): PreparedOverlay {
  const merged = mkdtempSync(join(pointsDir, 'merged-'));
  const upper = join(folder, 'upper');
  const work = overlayWork(folder);
  if (writable) mkdirSync(upper);
  // Of a folder that is used again.
  if (writable && !existsSync(work)) mkdirSync(work);
  const changes = writable ? [`upperdir=${relative(pointsDir, upper)}`, `workdir=${relative(pointsDir, work)}`] : [];
  return {
    overlay: { upper, merged },
    data: [`lowerdir=${names.ofStack(lowers).join(':')}`, ...changes].join(','),
    target: relative(pointsDir, merged),
  };
}

/** Links in memory to directories, made once for all stacks: the whole option string of a mount must fit into a page. */
class ShortNames {
  readonly #parent: string;
  readonly #folder: string;
  readonly #empty: string;
  readonly #names = new Map<string, string>();

  constructor({ ownDir, pointsDir }: OverlayPlaces, folder: string) {
    this.#parent = pointsDir;
    this.#folder = folder;
    mkdirSync(join(pointsDir, folder));
    // All directories of a stack are on one file system: else overlayfs gives files other inode numbers.
    const empty = join(ownDir, `${folder}-empty`);
    mkdirSync(empty);
    this.#empty = relative(pointsDir, empty);
  }

  /** Topmost first. The lowest one is empty: overlayfs wants two. */
  ofStack(lowers: readonly string[]): string[] {
    return [...lowers.map((lower) => this.#nameOf(lower)).reverse(), this.#empty];
  }

  #nameOf(lower: string): string {
    const known = this.#names.get(lower);
    if (known !== undefined) return known;
    const name = `${this.#folder}/${this.#names.size.toString(36)}`;
    symlinkSync(lower, join(this.#parent, name));
    this.#names.set(lower, name);
    return name;
  }
}
