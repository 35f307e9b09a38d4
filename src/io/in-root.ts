import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { joinPath, parentPath, treePath } from '../core/paths.ts';
import { errnoOf } from './host-error.ts';

/** Where a path leads inside a root directory. */
export interface PathInRoot {
  /** Relative to the root, without symbolic links, as far as the path exists. */
  readonly path: string;
  /** The same on this machine. */
  readonly hostPath: string;
  /** State of the path itself; `undefined` when it does not exist. */
  readonly stats: Stats | undefined;
}

/** path_resolution(7) allows 40. */
const MAX_LINKS = 40;

/**
 * Follows a path inside a root directory, symbolic links included (also the last), never leaving the root. Safe as long
 * as nobody changes the directory at the same time. `undefined` when links run in a circle.
 */
export function resolveInRoot(root: string, path: string): PathInRoot | undefined {
  const pending = treePath(path).split('/').reverse();
  let resolved = '';
  let links = 0;
  while (pending.length > 0) {
    const name = pending.pop() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      resolved = parentPath(resolved);
      continue;
    }
    const next = joinPath(resolved, name);
    const link = readLink(join(root, next));
    if (link === undefined) {
      resolved = next;
      continue;
    }
    if (++links > MAX_LINKS) return undefined;
    if (link.startsWith('/')) resolved = '';
    pending.push(...link.split('/').reverse());
  }
  const hostPath = join(root, resolved);
  return { path: resolved, hostPath, stats: statsOf(hostPath) };
}

function readLink(path: string): string | undefined {
  return statsOf(path)?.isSymbolicLink() ? readlinkSync(path) : undefined;
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
