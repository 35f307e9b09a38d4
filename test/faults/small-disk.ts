import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { run } from '../support/host.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A file system in memory, of the running test alone; made by root. */
export interface SmallDisk {
  readonly path: string;
  /** Gives it another size, or makes it writable. */
  remount(option: string): Promise<string>;
}

export async function smallDisk(size: string): Promise<SmallDisk> {
  const path = join(tempDir(), 'disk');
  mkdirSync(path);
  await run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'lamella-test', path);
  onTestFinished(async () => void (await run('umount', '--lazy', path)));
  return { path, remount: (option) => run('mount', '-o', `remount,${option}`, path) };
}
