import { closeSync, lstatSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { WhiteoutEntry } from '../core/toc.ts';
import { loadLibc } from '../io/libc/libc.ts';
import { parseWhiteout, whiteoutPath } from '../layers/whiteout.ts';
import { overlayAttribute } from './attributes.ts';
import { modificationTime, setModificationTime } from './modification-time.ts';
import { partLinks } from './part-links.ts';

/** How the directory of a layer says what is removed from lower ones: in overlayfs' form, or as the archive does. */
export type WhiteoutForm = 'overlay' | 'files';

/** What fuse-overlayfs marks a directory with, and lets no command set. */
const OPAQUE_ATTRIBUTES = [overlayAttribute('opaque', 'root'), 'user.fuseoverlayfs.opaque'];
/** What it understands but never writes: a command may have set it. */
const FOREIGN_ATTRIBUTE = overlayAttribute('opaque', 'mapped');

export function isMarker(name: string): boolean {
  return parseWhiteout(name) !== undefined;
}

/**
 * Brings a directory of changes into the form that needs no rights and no attributes: whiteouts are files, and each name
 * is a file of its own (see {@link partLinks}).
 */
export function usePlainForm(directory: string): void {
  const time = modificationTime(directory);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) usePlainForm(path);
    else if (entry.isFile()) partLinks(path, lstatSync(path, { bigint: true }));
    else if (entry.isCharacterDevice()) replaceMark(directory, entry.name);
  }
  removeForeignMark(directory);
  if (isOpaque(directory)) writeMarker(directory, { path: '', type: 'opaque' });
  setModificationTime(directory, time);
}

/** overlayfs marks a removed path by the character device 0:0. */
function replaceMark(directory: string, name: string): void {
  const path = join(directory, name);
  if (lstatSync(path, { bigint: true }).rdev !== 0n) return;
  unlinkSync(path);
  writeMarker(directory, { path: name, type: 'whiteout' });
}

function isOpaque(directory: string): boolean {
  const libc = loadLibc();
  return OPAQUE_ATTRIBUTES.some((name) => libc?.readAttribute(directory, name)?.toString() === 'y');
}

/** The next mount would hide what lower layers have in the directory, which this layer does not. */
function removeForeignMark(directory: string): void {
  const libc = loadLibc();
  if (libc?.readAttribute(directory, FOREIGN_ATTRIBUTE) !== undefined)
    libc.removeAttribute(directory, FOREIGN_ATTRIBUTE);
}

function writeMarker(directory: string, entry: WhiteoutEntry): void {
  closeSync(openSync(join(directory, whiteoutPath(entry)), 'w', 0o600));
}
