import { closeSync, openSync, writeSync } from 'node:fs';
import { toHostError } from '../io/host-error.ts';
import { extractContents } from './extract.ts';
import type { FileRange } from './packed-content.ts';

/**
 * Puts some contents of a layer tar into one new file, back to back, and says where each lies there, by its offset in
 * the tar: what `packLayer` needs for entries whose source is that layer. The caller removes the file.
 * @throws LayerError as {@link extractContents} does; HostError when the file cannot be written
 */
export async function spoolContents(
  uncompressed: AsyncIterable<Uint8Array>,
  wanted: ReadonlyMap<number, number>,
  path: string,
): Promise<ReadonlyMap<number, FileRange>> {
  const places = new Map<number, FileRange>();
  const fd = attempt(path, () => openSync(path, 'wx'));
  let written = 0;
  try {
    await extractContents(uncompressed, wanted, (offset, chunk) => {
      if (!places.has(offset)) places.set(offset, { path, offset: written });
      for (let at = 0; at < chunk.byteLength; ) at += attempt(path, () => writeSync(fd, chunk, at));
      written += chunk.byteLength;
    });
  } finally {
    closeSync(fd);
  }
  return places;
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toHostError(error, 'write', path);
  }
}
