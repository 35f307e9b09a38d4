import { existsSync, statfsSync } from 'node:fs';
import { loadBuiltIn } from './built-ins.ts';
import { makeFolder } from './make-folder.ts';
import { findProgram } from './programs.ts';

/** EXT4_SUPER_MAGIC of the kernel. */
const EXT4 = 0xef53;

/**
 * Makes a folder whose parts have little to do with each other. On ext4 each of them then begins in a block group of its own
 * (chattr(1), attribute T): where it makes a file, ext4 steps over every inode of the group that was freed within the last
 * minute, whoever removed it, which may take longer than all else that a small step does.
 *
 * One that is there stays as it is. What cannot be made is told by whoever makes something in it.
 */
export function makeSpreadFolder(path: string): void {
  if (existsSync(path)) return;
  try {
    makeFolder(path);
    const chattr = findProgram('chattr');
    if (chattr !== undefined && statfsSync(path).type === EXT4) {
      loadBuiltIn('node:child_process').execFileSync(chattr, ['+T', path], { stdio: 'ignore', env: {} });
    }
  } catch {
    // Then it is only slower.
  }
}
