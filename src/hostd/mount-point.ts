import { closeSync, lstatSync, mkdirSync, openSync, rmdirSync, type Stats, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StepError } from '../core/errors.ts';
import { errnoOf, toHostError } from '../io/host-error.ts';
import { resolveInRoot } from '../io/in-root.ts';
import type { Cleanup } from './cleanup.ts';
import { modificationTime, setModificationTime } from './modification-time.ts';

export type MountPointKind = 'directory' | 'file';

/**
 * Gives the place in the root where something can be mounted at a path. What is missing is made, and removed again by
 * `cleanup` if it is still empty then, with the time of its parent restored: it never becomes part of a layer.
 * @throws StepError `STEP_MOUNT_TARGET`
 */
export function makeMountPoint(root: string, target: string, kind: MountPointKind, cleanup: Cleanup): string {
  const place = resolveInRoot(root, target);
  if (place === undefined) throw badTarget(target, 'its symbolic links form a circle');
  if (place.stats !== undefined) {
    checkKind(target, kind, place.stats);
    return place.hostPath;
  }
  try {
    makeMissing(root, place.path, kind, cleanup);
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

function makeMissing(root: string, path: string, kind: MountPointKind, cleanup: Cleanup): void {
  const names = path.split('/');
  names.forEach((_, index) => {
    const stub = join(root, ...names.slice(0, index + 1));
    if (lstatSync(stub, { throwIfNoEntry: false }) !== undefined) return;
    const parent = dirname(stub);
    const before = modificationTime(parent);
    if (index < names.length - 1 || kind === 'directory') mkdirSync(stub, 0o755);
    else closeSync(openSync(stub, 'wx', 0o644));
    const after = modificationTime(parent);
    cleanup.add(() => removeStub(stub, { before, after }));
  });
}

/** Nanoseconds since 1970. */
interface ParentTimes {
  readonly before: bigint;
  readonly after: bigint;
}

function removeStub(stub: string, times: ParentTimes): void {
  const parent = dirname(stub);
  const stats = lstatSync(stub, { throwIfNoEntry: false });
  if (stats === undefined) return;
  const current = modificationTime(parent);
  if (!removeIfEmpty(stub, stats)) return;
  // Somebody else changed the parent in the meantime: that time counts.
  setModificationTime(parent, current === times.after ? times.before : current);
}

function removeIfEmpty(stub: string, stats: Stats): boolean {
  if (stats.isFile() && stats.size === 0) unlinkSync(stub);
  else if (stats.isDirectory()) return removeEmptyDirectory(stub);
  else return false;
  return true;
}

function removeEmptyDirectory(stub: string): boolean {
  try {
    rmdirSync(stub);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

function badTarget(target: string, why: string, cause?: unknown): StepError {
  return new StepError('STEP_MOUNT_TARGET', `cannot mount ${basename(target)} at ${target}: ${why}`, {
    hint: 'choose another target, or make it in an earlier step',
    cause,
  });
}
