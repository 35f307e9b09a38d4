import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../../io/atomic-file.ts';

/** Bytes that files take on disk, with everything below; names of one file count once. What may not be read counts 0. */
export function measureTree(path: string): number {
  const links = new Set<string>();
  let total = 0;
  const visit = (at: string): void => {
    const stats = statOf(at);
    if (stats === undefined) return;
    if (stats.isDirectory()) for (const name of namesIn(at)) visit(join(at, name));
    if (stats.nlink > 1 && !stats.isDirectory()) {
      const file = `${stats.dev}:${stats.ino}`;
      if (links.has(file)) return;
      links.add(file);
    }
    total += stats.blocks * 512;
  };
  visit(path);
  return total;
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

interface Measured {
  readonly size: number;
  readonly measuredMs: number;
}

/** Sizes of directories, kept between calls: measuring again is for those that were used since. */
export interface Sizes {
  of(path: string, usedMs: number): number;
  /** Keeps the sizes of the directories that were asked for. */
  save(): void;
}

export function openSizes(file: string): Sizes {
  const known = load(file);
  const asked: Record<string, Measured> = {};
  let changed = false;
  return {
    of(path, usedMs) {
      const before = known[path];
      const isCurrent = before !== undefined && before.measuredMs >= usedMs;
      const measured = isCurrent ? before : { measuredMs: Date.now(), size: measureTree(path) };
      changed ||= !isCurrent;
      asked[path] = measured;
      return measured.size;
    },
    save() {
      if (changed) writeAtomicSync(file, JSON.stringify(asked));
    },
  };
}

function load(file: string): Readonly<Record<string, Measured>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Measured>;
  } catch {
    return {};
  }
}
