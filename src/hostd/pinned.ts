import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { StepError } from '../core/errors.ts';
import { errnoOf } from '../io/host-error.ts';

/** O_PATH of open(2): a handle on a place, whatever lies there, which reads nothing. */
const O_PATH = 0o10000000;

/**
 * Calls `use` with a name for what lies at a path, which stays right whatever becomes of the path meanwhile. Commands
 * own the directories that we work in: one may have put a symbolic link in the way, which would lead to files of the
 * machine. `undefined` when it has, or when nothing is there any more; `path` must have no links before that.
 */
export function atPlace<T>(path: string, use: (name: string) => T): { readonly result: T } | undefined {
  const handle = openPlace(path);
  if (handle === undefined) return undefined;
  try {
    const name = `/proc/self/fd/${handle}`;
    return readlinkSync(name) === path ? { result: use(name) } : undefined;
  } finally {
    closeSync(handle);
  }
}

/**
 * {@link atPlace}, where something must be there.
 * @throws StepError `STEP_MOUNT_TARGET`
 */
export function atSurePlace<T>(path: string, use: (name: string) => T): T {
  const done = atPlace(path, use);
  if (done !== undefined) return done.result;
  throw new StepError('STEP_MOUNT_TARGET', `${path} is not where it was: something else took its place meanwhile`, {
    hint: 'do not replace directories of a cache mount by links while another command has mounts in it',
  });
}

function openPlace(path: string): number | undefined {
  try {
    return openSync(path, O_PATH | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
