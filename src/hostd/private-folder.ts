import { chmodSync, mkdirSync, statSync } from 'node:fs';

/**
 * Makes a folder that nobody but its owner enters: programs that images and commands leave in it may be setuid, and would
 * give their owner's rights to every user of the machine.
 */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  const { uid, mode } = statSync(path);
  if (uid === process.getuid?.() && (mode & 0o077) !== 0) chmodSync(path, 0o700);
}
