import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** All programs of that name: in the order of PATH, then where only root looks. */
export function findPrograms(name: string): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/local/sbin', '/usr/sbin', '/sbin');
  return [...new Set(folders)].map((folder) => join(folder, name)).filter(isExecutable);
}

export function findProgram(name: string): string | undefined {
  return findPrograms(name)[0];
}

/** First line of a program's output, or `undefined` when it is missing or fails. */
export function firstLine(program: string, args: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? `${stdout}${stderr}`.trim().split('\n')[0] : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
