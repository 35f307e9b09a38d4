import type { Builder } from '../builders/builder.ts';
import type { Group } from '../measure/accounting.ts';
import type { Run, WorkloadResults } from '../report/results.ts';
import { homeFolder } from '../services/home.ts';
import { prepareContext, type SettingOptions } from '../workloads/prepare.ts';
import type { Workload } from '../workloads/workload.ts';
import { runBuilder } from './run-builder.ts';
import { floorInputs, presentFloors, runFloor } from './run-floors.ts';

export interface RunOptions {
  readonly builders: readonly Builder[];
  /** Counts the floors. */
  readonly floors: Group;
  readonly setting: SettingOptions;
  readonly rounds: number;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly say: (message: string) => void;
}

/** Runs a workload with all builders and its floors, in turns. */
export async function runWorkload(workload: Workload, options: RunOptions): Promise<WorkloadResults> {
  const context = prepareContext(workload, homeFolder('contexts'), options.setting);
  const inputs = floorInputs(workload, context, options.setting);
  const builders = options.builders.filter((builder) => builder.takes(workload));
  const floors = presentFloors(workload);
  const runs: Run[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const bench = { ...options, workload, context, round };
    // Another one begins in each round, so that nobody always comes after the same neighbour.
    for (const builder of rotate(builders, round - 1)) runs.push(...(await runBuilder(builder, bench)));
    for (const floor of floors) runs.push(await runFloor(floor, inputs, bench));
  }
  const order: readonly string[] = [...builders, ...floors].map(({ name }) => name);
  const inOrder = runs.toSorted((a, b) => order.indexOf(a.subject) - order.indexOf(b.subject));
  return { id: workload.id, title: workload.title, runs: inOrder };
}

function rotate<T>(values: readonly T[], by: number): T[] {
  const at = values.length === 0 ? 0 : by % values.length;
  return [...values.slice(at), ...values.slice(0, at)];
}
