import { BuilderError, LayerError } from '../core/errors.ts';
import { errnoOf, toHostError } from '../io/host-error.ts';

export function pathEscape(entry: string, why: string): LayerError {
  return new LayerError('LAYER_PATH_ESCAPE', `entry ${JSON.stringify(entry)} is refused: ${why}`, {
    entry,
    hint: 'the layer is hostile or broken: entries may only lie in real directories inside the root',
  });
}

export function linkMissing(entry: string, link: string): LayerError {
  return new LayerError(
    'LAYER_LINK_MISSING',
    `hard link ${JSON.stringify(entry)} names ${JSON.stringify(link)}, which is not in the layer before it`,
    { entry, hint: 'the layer is broken: a hard link follows the file that it names' },
  );
}

/** What the file system said, with the entry; lamella's own errors and bugs pass unchanged. */
export function unpackFailure(error: unknown, entry: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || error instanceof BuilderError) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return toHostError(error, 'unpack', entry);
  return new LayerError('LAYER_UNPACK_FAILED', `cannot unpack ${JSON.stringify(entry)}: ${(error as Error).message}`, {
    entry,
    hint: HINTS[errno] ?? 'check the disk and the rights of the state directory',
    cause: error,
  });
}

const HINTS: Readonly<Record<string, string>> = {
  EINVAL:
    'its owner may have no place in the user namespace: give the user more subordinate ids (/etc/subuid, /etc/subgid)',
  EPERM: 'giving files away needs root or a user namespace with subordinate ids',
  ENAMETOOLONG: 'the path is longer than the file system allows',
};
