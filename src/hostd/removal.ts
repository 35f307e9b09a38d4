import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { toHostError } from '../io/host-error.ts';

/**
 * Removes a tree, unless something is still mounted in it: then the files of somebody else would be removed with it.
 * What is left is reclaimed by a later build, in whose namespace nothing is mounted there.
 */
export async function removeTree(path: string): Promise<void> {
  if (hasMounts(path)) return;
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw toHostError(error, 'remove', path);
  }
}

function hasMounts(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => decodePath(line.split(' ')[4] ?? ''))
    .some((target) => target === path || target.startsWith(`${path}/`));
}

/** proc_pid_mountinfo(5): blanks and backslashes stand as octal escapes. */
function decodePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
