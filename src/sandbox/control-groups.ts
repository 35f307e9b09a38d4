import { readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** A group this old in which nothing runs is nobody's any more: a runtime fills its own at once. */
const GRACE_MS = 60_000;

/** Takes away the groups of a container, which a runtime that was killed leaves behind. */
export function removeControlGroups(container: string): void {
  for (const folder of hierarchies()) removeEmpty(join(folder, container));
}

/** Takes away what builds left that were killed themselves. */
export function reclaimControlGroups(isOurs: (name: string) => boolean): void {
  for (const folder of hierarchies()) {
    for (const name of namesIn(folder)) if (isOurs(name) && isOld(join(folder, name))) removeEmpty(join(folder, name));
  }
}

/** That of version 2, and those of version 1. */
function hierarchies(): string[] {
  return [ROOT, ...namesIn(ROOT).map((name) => join(ROOT, name))];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isOld(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > GRACE_MS;
}

/** The kernel refuses while a process is in it. */
function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It was not made, or it is in use.
  }
}
