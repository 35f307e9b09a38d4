import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheKey } from '../../cache/cache-key.ts';
import type { SharedStorage } from '../../cache/shared-storage.ts';
import { writeAtomic } from '../../io/atomic-file.ts';
import { readIfThere } from '../../io/read-if-there.ts';
import { scanFiles } from '../../io/scan-folder.ts';
import { touchFile } from '../../io/touch.ts';
import { createBlobStore } from '../../store/blob-store.ts';

/** `type=local`: a directory, which may lie on a disk that machines share. */
export function createDirectoryStorage(directory: string): SharedStorage {
  const store = createBlobStore(directory);
  const steps = join(directory, 'steps');
  const pathOf = (key: CacheKey): string => join(steps, `${key.slice('sha256:'.length)}.json`);
  return {
    name: directory,
    readDocument: async (key) => readIfThere(pathOf(key)),
    writeDocument: (key, document) => writeAtomic(pathOf(key), document),
    hasBlob: (blob) => store.has(blob),
    readBlob: (blob) => store.read(blob),
    async writeBlob(blob, bytes) {
      if (await store.has(blob)) touchFile(store.pathOf(blob.digest));
      else await store.write(bytes, blob);
    },
    async *list() {
      for (const { name } of scanFiles(steps)) yield `sha256:${name.replace(/\.json$/, '')}` as CacheKey;
    },
    async remove(key) {
      rmSync(pathOf(key), { force: true });
    },
    async sweep(named) {
      for await (const digest of store.list()) {
        if (!named.has(digest) && !isFresh(store.pathOf(digest))) await store.delete(digest);
      }
    },
  };
}

/** Another machine may be about to write the document that names it. */
const FRESH_MS = 60 * 60 * 1000;

function isFresh(path: string): boolean {
  const { mtimeMs = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return Date.now() - mtimeMs < FRESH_MS;
}
