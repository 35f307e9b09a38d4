import { LayerError } from '../core/errors.ts';
import { baseName } from '../core/paths.ts';
import { isWhiteout, type PackEntry, type WhiteoutEntry } from '../core/toc.ts';
import { MAX_PATH } from '../io/tar-header.ts';
import { WHITEOUT_PREFIX } from './whiteout.ts';

/**
 * Refuses what nobody could unpack as it is meant: a path longer than systems take, one that climbs, and a name that every
 * reader takes for the order to remove another file (image-spec, layer.md, "Whiteouts").
 * @throws LayerError `LAYER_PATH_TOO_LONG`, `LAYER_PATH_ESCAPE`, `LAYER_RESERVED_NAME`
 */
export function requireStorable(entry: PackEntry | WhiteoutEntry): void {
  const { path } = entry;
  if (path.length > MAX_PATH) throw tooLong(path);
  if (path.includes('..') && path.split('/').includes('..')) throw climbing(path);
  if (path.includes(WHITEOUT_PREFIX) && !isWhiteout(entry) && baseName(path).startsWith(WHITEOUT_PREFIX)) {
    throw reserved(path);
  }
}

function tooLong(path: string): LayerError {
  const start = path.slice(0, 80);
  return new LayerError('LAYER_PATH_TOO_LONG', `no layer can hold a path of ${path.length} characters: ${start}…`, {
    entry: start,
    hint: `no system takes more than ${MAX_PATH} bytes`,
  });
}

function climbing(path: string): LayerError {
  return new LayerError(
    'LAYER_PATH_ESCAPE',
    `no layer can hold ${JSON.stringify(path)}: it leads out of its directory`,
    {
      entry: path,
      hint: 'write the path without ..',
    },
  );
}

function reserved(path: string): LayerError {
  const why = 'its name marks what is removed';
  return new LayerError('LAYER_RESERVED_NAME', `no layer can hold ${JSON.stringify(path)}: ${why}`, {
    entry: path,
    hint: 'rename it, or exclude it with a line in .dockerignore',
  });
}
