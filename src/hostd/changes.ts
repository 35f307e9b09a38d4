import { type BigIntStats, createReadStream, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { LayerError } from '../core/errors.ts';
import { joinPath } from '../core/paths.ts';
import { DigestCounter } from '../io/hash.ts';
import { errnoOf } from '../io/host-error.ts';
import { splitDevice } from '../io/libc/device-number.ts';
import type { ChangedPath } from '../rootfs/changed-path.ts';
import { checkNoCapabilities, readCapability } from './attributes.ts';
import type { Snapshot } from './snapshotter.ts';
import { isMarker } from './whiteout-files.ts';

/**
 * Everything in an overlay's upper directory, depth first, with names in the order of the directory; what an overlay's
 * program keeps there for itself is left out.
 */
export function listUpper(upper: string, merged: string): ChangedPath[] {
  const changes: ChangedPath[] = [];
  const visit = (path: string): void => {
    const change = describeChange(upper, path, merged);
    changes.push(change);
    if (change.type !== 'directory') return;
    for (const name of namesIn(join(upper, path))) if (!isMarker(name)) visit(joinPath(path, name));
  };
  visit('');
  checkCapabilities(upper, changes);
  return changes;
}

/**
 * What may have changed in a snapshot.
 * @throws LayerError `LAYER_PATH_TOO_LONG` when a command made paths that no system call takes, by going down in them
 */
export function changesOf(snapshot: Snapshot): readonly ChangedPath[] {
  try {
    return snapshot.changes();
  } catch (error) {
    if (errnoOf(error) !== 'ENAMETOOLONG') throw error;
    throw new LayerError('LAYER_PATH_TOO_LONG', 'a path in the root file system is longer than the system takes', {
      hint: 'remove it in the same RUN: `find / -xdev -depth` shows where directories lie too deep',
      cause: error,
    });
  }
}

/** Without koffi: makes sure that nothing is lost. */
export function checkCapabilities(directory: string, changes: readonly ChangedPath[]): void {
  checkNoCapabilities(changes.filter(isProgram).map(({ path }) => join(directory, path)));
}

function isProgram({ type, mode }: ChangedPath): boolean {
  return type === 'file' && (mode & 0o111) !== 0;
}

/** A path as a directory of changes has it; `merged` is where all names of a directory are seen. */
export function describeChange(directory: string, path: string, merged: string): ChangedPath {
  const hostPath = join(directory, path);
  const stats = lstatSync(hostPath, { bigint: true });
  const type = typeOf(stats);
  const capability = type === 'file' ? readCapability(hostPath) : undefined;
  return {
    path,
    type,
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: type === 'file' ? Number(stats.size) : 0,
    ...timeOf(stats),
    inode: `${stats.dev}:${stats.ino}`,
    ...(type === 'symlink' && { link: readlinkSync(hostPath) }),
    ...((type === 'character' || type === 'block') && splitDevice(stats.rdev)),
    ...(capability !== undefined && { xattrs: { 'security.capability': capability } }),
    ...(type === 'directory' && { names: mergedNames(merged, path) }),
  };
}

/** overlayfs marks a removed path by the character device 0:0. */
function typeOf(stats: BigIntStats): ChangedPath['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  if (stats.isBlockDevice()) return 'block';
  return stats.rdev === 0n ? 'whiteout' : 'character';
}

/** Seconds and the rest, which is never negative, also before 1970. */
function timeOf({ mtimeNs }: BigIntStats): Pick<ChangedPath, 'mtime' | 'mtimeNanoseconds'> {
  const nanoseconds = ((mtimeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { mtime: Number((mtimeNs - nanoseconds) / 1_000_000_000n), mtimeNanoseconds: Number(nanoseconds) };
}

/** What a layer cannot hold (a socket) counts as gone. */
function mergedNames(merged: string, path: string): string[] {
  return readdirSync(join(merged, path), { withFileTypes: true })
    .filter((entry) => !entry.isSocket())
    .map((entry) => checkName(entry.name, path));
}

export function namesIn(directory: string): string[] {
  return readdirSync(directory).map((name) => checkName(name, directory));
}

/** Node decodes names as UTF-8 and puts U+FFFD for what is none: such a path cannot be opened again. */
function checkName(name: string, directory: string): string {
  if (!name.includes('\uFFFD')) return name;
  throw new LayerError('LAYER_NAME_NOT_UTF8', `a file in /${directory} has a name that is not UTF-8: ${name}`, {
    entry: joinPath(directory, name),
    hint: 'rename or remove it in the same RUN',
  });
}

export async function hashChanges({ contents }: Snapshot, paths: readonly string[]): Promise<Record<string, Digest>> {
  const digests: Record<string, Digest> = {};
  for (const path of paths) {
    const counter = new DigestCounter();
    for await (const chunk of createReadStream(join(contents, path))) counter.update(chunk as Buffer);
    digests[path] = counter.finish().digest;
  }
  return digests;
}
