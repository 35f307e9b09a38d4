import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContextWriter } from './context-writer.ts';
import { createRandom } from './random.ts';
import { scaleBy } from './scale.ts';
import type { Setting, Workload } from './workload.ts';

export interface SettingOptions {
  readonly scale: number;
  readonly registry: string;
  readonly npmRegistry: string;
}

/** Writes the context of a workload below `parent`, unless the same one is there; gives its folder. */
export function prepareContext(workload: Workload, parent: string, options: SettingOptions): string {
  const folder = join(parent, workload.id);
  const marker = join(parent, `${workload.id}.json`);
  const wanted = JSON.stringify({ rules: 1, ...options });
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return folder;
  rmSync(marker, { force: true });
  writeContext(workload, folder, options);
  writeFileSync(marker, wanted);
  return folder;
}

/** Writes the context of a workload into a folder, which is emptied first. */
export function writeContext(workload: Workload, folder: string, { scale, ...services }: SettingOptions): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const setting: Setting = { ...services, size: scaleBy(scale) };
  workload.write(createContextWriter(folder), setting, createRandom(seedOf(workload.id)));
}

function seedOf(id: string): number {
  return [...id].reduce((seed, letter) => Math.imul(seed, 31) + letter.charCodeAt(0), 7);
}
