import { readFileSync, rmdirSync, unlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, toHostError } from '../io/host-error.ts';
import { startProcess } from '../io/start-process.ts';

/**
 * Removes a tree, unless something is still mounted in it: then the files of somebody else would be removed with it.
 * What is left is reclaimed by a later build, in whose namespace nothing is mounted there.
 */
export async function removeTree(path: string): Promise<void> {
  if (hasMounts(path)) return;
  try {
    if (!(await removedByProgram(path))) await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw toHostError(error, 'remove', path);
  }
}

/**
 * rm(1) takes a fifth of the time of node:fs, for which a build that is cancelled while it unpacks waits; and it goes down
 * step by step, where a command has made paths that are longer than a system call takes.
 */
async function removedByProgram(path: string): Promise<boolean> {
  const { ended } = startProcess({ program: 'rm', args: ['-rf', '--', path], env: {}, cwd: '/' });
  return (await ended.catch(() => 1)) === 0;
}

/**
 * {@link removeTree} for a folder that most likely holds nothing but these files and empty folders, children first: then no
 * look at what is mounted is needed, since rmdir(2) and unlink(2) refuse where something is.
 */
export async function removeFrame(path: string, names: readonly string[]): Promise<void> {
  try {
    for (const name of names) removeOne(join(path, name));
    removeOne(path);
  } catch {
    await removeTree(path);
  }
}

function removeOne(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') unlinkSync(path);
    else if (errnoOf(error) !== 'ENOENT') throw error;
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
