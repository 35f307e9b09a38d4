import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The last bytes of a file; `undefined` for one that cannot be read or has fewer. */
export function readEnd(path: string, length: number): Buffer | undefined {
  try {
    const fd = openSync(path, 'r');
    try {
      const end = Buffer.alloc(length);
      const position = fstatSync(fd).size - length;
      return position >= 0 && readSync(fd, end, 0, length, position) === length ? end : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
