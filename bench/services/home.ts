import { mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Everything of this user's benchmarks lies here: contexts and npm packages stay between runs, the rest is emptied. */
export const HOME: string = join(tmpdir(), `lamella-benchmarks-${userInfo().uid}`);

export function homeFolder(name: string): string {
  const folder = join(HOME, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
