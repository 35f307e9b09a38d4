import { baseName, joinPath, parentPath } from '../core/paths.ts';
import type { WhiteoutEntry } from '../core/toc.ts';
import type { TarHeader } from '../io/tar-header.ts';

/** Names of marker files (image-spec, layer.md, "Whiteouts"). */
export const WHITEOUT_PREFIX = '.wh.';
const RESERVED = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';

/** Where the marker of a whiteout lies in the layer tar. */
export function whiteoutPath(entry: WhiteoutEntry): string {
  return entry.type === 'opaque'
    ? joinPath(entry.path, OPAQUE)
    : joinPath(parentPath(entry.path), `${WHITEOUT_PREFIX}${baseName(entry.path)}`);
}

/** The marker file: all zero, so that no clock is in it (design 5, "Times"). */
export function whiteoutHeader(entry: WhiteoutEntry): TarHeader {
  return { type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0, size: 0, path: whiteoutPath(entry) };
}

/** What a tar path marks: `undefined` for an ordinary path, `ignored` for other reserved names (AUFS housekeeping). */
export function parseWhiteout(path: string): WhiteoutEntry | 'ignored' | undefined {
  const name = baseName(path);
  if (!name.startsWith(WHITEOUT_PREFIX)) return undefined;
  const parent = parentPath(path);
  if (name === OPAQUE) return { path: parent, type: 'opaque' };
  const hidden = name.slice(WHITEOUT_PREFIX.length);
  // `.` and `..` name no entry of the directory: taken as a path they would lead out of it.
  if (name.startsWith(RESERVED) || ['', '.', '..'].includes(hidden)) return 'ignored';
  return { path: joinPath(parent, hidden), type: 'whiteout' };
}
