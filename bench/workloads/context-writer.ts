import { closeSync, mkdirSync, openSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Seconds since 1970 that every file of a workload carries. */
export const FILE_TIME = 1_700_000_000;

/** Writes the files of a context. */
export interface ContextWriter {
  /** Content may come in parts, for files that are too large to be held. */
  file(path: string, content: string | Uint8Array | Iterable<Uint8Array>): void;
}

export function createContextWriter(folder: string): ContextWriter {
  const made = new Set<string>();
  const makeFolder = (path: string): void => {
    if (!made.has(path)) mkdirSync(path, { recursive: true });
    made.add(path);
  };
  return {
    file(path, content) {
      const absolute = join(folder, path);
      makeFolder(dirname(absolute));
      if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(absolute, content);
      else writeParts(absolute, content);
      utimesSync(absolute, FILE_TIME, FILE_TIME);
    },
  };
}

function writeParts(path: string, parts: Iterable<Uint8Array>): void {
  const file = openSync(path, 'w');
  try {
    for (const part of parts) writeSync(file, part);
  } finally {
    closeSync(file);
  }
}
