import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { environment } from './host.ts';

/** Where the system's tools are for root, which the PATH of an ordinary user often leaves out. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Folders in which programs of the host are looked for: `$PATH`, then the system's. */
export function programFolders(): string[] {
  const own = (environment('PATH') ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return [...new Set([...own, ...SYSTEM_FOLDERS])];
}

/** Absolute path of a program of the host. */
export function findProgram(name: string): string | undefined {
  return programFolders()
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
