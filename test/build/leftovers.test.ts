import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CacheFolders, cacheFolders } from '../../src/build/cache-folders.ts';
import { reclaimHalfWritten } from '../../src/build/leftovers.ts';
import { temporaryName } from '../../src/io/atomic-file.ts';
import { tempDir } from '../support/temp-dir.ts';

const FILES = ['statCache', 'sizes', 'collection', 'collectionId'] as const;
/** What commands and git made is not looked into, and workspaces are removed whole. */
const OF_OTHERS = ['snapshots', 'mounts', 'git', 'temporary'] as const;
const names = Object.keys(cacheFolders('')).map((name) => name as keyof CacheFolders);

function leave(path: string): string {
  const left = temporaryName(path);
  mkdirSync(dirname(left), { recursive: true });
  writeFileSync(left, 'half');
  utimesSync(left, 1, 1);
  return left;
}

describe('what a killed build was writing', () => {
  test.each(names)('in %s is removed where it is ours', (name) => {
    const cache = cacheFolders(tempDir());
    const isFile = FILES.some((file) => file === name);
    const left = leave(isFile ? cache[name] : join(cache[name], 'record'));
    reclaimHalfWritten(cache);
    expect(existsSync(left)).toBe(OF_OTHERS.some((folder) => folder === name));
  });
});
