import { closeSync, lstatSync, mkdirSync, openSync, rmdirSync, type Stats, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StepError } from '../core/errors.ts';
import { errnoOf, toHostError } from '../io/host-error.ts';
import { resolveInRoot } from '../io/in-root.ts';
import { modificationTime, setModificationTime } from './modification-time.ts';
import { atPlace, atSurePlace } from './pinned.ts';

export type MountPointKind = 'directory' | 'file';

export interface MountPoint {
  readonly root: string;
  /** Path inside the root. */
  readonly target: string;
  readonly kind: MountPointKind;
}

/**
 * Gives the place in the root where something can be mounted at a path. What is missing is made and told to `onMade`,
 * parents first: to be removed again by {@link removeStub}, it never becomes part of a layer.
 * @throws StepError `STEP_MOUNT_TARGET`
 */
export function makeMountPoint({ root, target, kind }: MountPoint, onMade: (stub: string) => void): string {
  const place = resolveInRoot(root, target);
  if (place === undefined) throw badTarget(target, 'its symbolic links form a circle');
  if (place.stats !== undefined) {
    checkKind(target, kind, place.stats);
    return place.hostPath;
  }
  try {
    makeMissing({ root, target: place.path, kind }, onMade);
  } catch (error) {
    throw badTarget(target, `the mount point cannot be made: ${errnoOf(error)}`, toHostError(error, 'make', target));
  }
  return place.hostPath;
}

function checkKind(target: string, kind: MountPointKind, stats: Stats): void {
  if (stats.isDirectory() === (kind === 'directory')) return;
  throw badTarget(
    target,
    `a ${kind} is to be mounted there, and the root has ${stats.isDirectory() ? 'a directory' : 'no directory'}`,
  );
}

/** The command sees the parent, and what is made, with the time that the parent had: no clock shows in the root. */
function makeMissing({ root, target, kind }: MountPoint, onMade: (stub: string) => void): void {
  const names = target.split('/');
  names.forEach((name, index) => {
    const parent = join(root, ...names.slice(0, index));
    if (lstatSync(join(parent, name), { throwIfNoEntry: false }) !== undefined) return;
    const isDirectory = index < names.length - 1 || kind === 'directory';
    atSurePlace(parent, (place) => keepingTime(place, (time) => makeStub(join(place, name), isDirectory, time)));
    onMade(join(parent, name));
  });
}

function makeStub(stub: string, isDirectory: boolean, time: bigint): void {
  if (isDirectory) mkdirSync(stub, 0o755);
  else closeSync(openSync(stub, 'wx', 0o644));
  setModificationTime(stub, time);
}

/** Takes away what was made for a mount, unless a command has put something there, or took it elsewhere. */
export function removeStub(stub: string): void {
  atPlace(dirname(stub), (place) => keepingTime(place, () => removeIfEmpty(join(place, basename(stub)))));
}

/** `place` may be the name of an open directory, which is a link. */
function keepingTime(place: string, change: (time: bigint) => void): void {
  const directory = `${place}/.`;
  const time = modificationTime(directory);
  change(time);
  setModificationTime(directory, time);
}

function removeIfEmpty(stub: string): void {
  const stats = lstatSync(stub, { throwIfNoEntry: false });
  if (stats?.isFile() && stats.size === 0) unlinkSync(stub);
  else if (stats?.isDirectory()) removeEmptyDirectory(stub);
}

function removeEmptyDirectory(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function badTarget(target: string, why: string, cause?: unknown): StepError {
  return new StepError('STEP_MOUNT_TARGET', `cannot mount ${basename(target)} at ${target}: ${why}`, {
    hint: 'choose another target, or make it in an earlier step',
    cause,
  });
}
