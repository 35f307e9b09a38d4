import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheKey } from '../../cache/cache-key.ts';
import { writeAtomicSync } from '../../io/atomic-file.ts';
import { touchFile } from '../../io/touch.ts';

export interface NpmLayerPlan {
  /** Titles, lowest first. */
  readonly layers: readonly string[];
  /** Commands that run the install scripts afterwards. */
  readonly scripts?: string;
}

/** Why npm itself must do it. */
export interface Refusal {
  readonly refused: string;
  /** What went wrong, where it may go well another time. */
  readonly passing?: unknown;
}

/** How an installation was divided into layers, or why it had to be left to npm. */
export type NpmPlan = NpmLayerPlan | Refusal;

/** Plans by the definition of their step, so that an unchanged one is known without reading a lockfile. */
export interface NpmPlans {
  lookup(definition: CacheKey): NpmPlan | undefined;
  record(definition: CacheKey, plan: NpmPlan): void;
}

const VERSION = 2;

/** Plans as one small JSON file per key. A damaged or foreign file counts as no plan. */
export function createNpmPlans(directory: string): NpmPlans {
  const pathOf = (key: CacheKey): string => join(directory, `${key.slice('sha256:'.length)}.json`);
  return {
    lookup(definition) {
      try {
        touchFile(pathOf(definition));
        const found = JSON.parse(readFileSync(pathOf(definition), 'utf8')) as { version?: number; plan?: NpmPlan };
        return found.version === VERSION ? found.plan : undefined;
      } catch {
        return undefined;
      }
    },
    record: (definition, plan) =>
      writeAtomicSync(pathOf(definition), `${JSON.stringify({ version: VERSION, plan })}\n`),
  };
}
