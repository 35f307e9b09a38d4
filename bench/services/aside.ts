import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { homeFolder } from './home.ts';

/**
 * What a builder or a floor is to forget lies here until nobody is being measured: ext4 steps over every inode that was
 * freed within the last minute when it makes a file, so whoever comes after a removal would pay for it.
 */
const ASIDE = 'aside';

/** Moves a file or folder out of the way; what is absent already is success. */
export function setAside(path: string, aside: string = homeFolder(ASIDE)): void {
  if (existsSync(path)) renameSync(path, join(mkdtempSync(join(aside, 'old-')), 'old'));
}

/** Makes a folder empty, without removing anything. */
export function renewFolder(folder: string, aside?: string): void {
  setAside(folder, aside);
  mkdirSync(folder, { recursive: true });
}

/** Removes what was set aside; tells whether there was anything. */
export function removeAside(aside: string = homeFolder(ASIDE)): boolean {
  const names = readdirSync(aside);
  for (const name of names) rmSync(join(aside, name), { recursive: true, force: true, maxRetries: 3 });
  return names.length > 0;
}

/** RECENTCY_MIN of fs/ext4/ialloc.c, which holds for inodes that were written back. */
const EXT4_SECONDS = 60;
const EXT4_MAGIC = 0xef53;

/** Seconds after which removed files slow down nobody any more. */
export function restSeconds(folder: string = homeFolder(ASIDE)): number {
  return statfsSync(folder).type === EXT4_MAGIC ? EXT4_SECONDS : 0;
}

/** Removes what was set aside, and waits until that cannot be felt: nobody may be measured meanwhile. */
export async function removeAsideAndRest(seconds: number, signal: AbortSignal): Promise<void> {
  if (!removeAside()) return;
  execFileSync('sync');
  await delay(seconds * 1000, undefined, { signal });
}
