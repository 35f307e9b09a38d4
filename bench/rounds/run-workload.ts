import { type Builder, type BuilderName, isOurs } from '../builders/builder.ts';
import type { Group } from '../measure/accounting.ts';
import type { Run, WorkloadResults } from '../report/results.ts';
import { homeFolder } from '../services/home.ts';
import { prepareContext, type SettingOptions } from '../workloads/prepare.ts';
import type { Workload } from '../workloads/workload.ts';
import { runBuilder } from './run-builder.ts';
import { openFloors, runFloor } from './run-floors.ts';
import { ONE_MORE_FLOORS, runOneMore } from './run-one-more.ts';

type Measured = Pick<WorkloadResults, 'id' | 'title' | 'runs'>;

export interface RunOptions {
  readonly builders: readonly Builder[];
  /** Counts the floors. */
  readonly floors: Group;
  readonly setting: SettingOptions;
  readonly rounds: number;
  /** A peer whose first round took longer takes part in no other one. */
  readonly patienceSeconds: number;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly say: (message: string) => void;
}

/** Runs a workload with all builders and its floors, in turns. */
export async function runWorkload(workload: Workload, options: RunOptions): Promise<Measured> {
  const context = prepareContext(workload, homeFolder('contexts'), options.setting);
  const builders = options.builders.filter(
    ({ name, takes }) => takes(workload) && workload.spares?.includes(name) !== true,
  );
  const { floors, inputs, failed } = openFloors(workload, context, options.setting);
  const runs: Run[] = [...failed];
  for (let round = 1; round <= options.rounds; round++) {
    const bench = { ...options, workload, context, round };
    // Another one begins in each round, so that nobody always comes after the same neighbour.
    for (const builder of rotate(builders, round - 1)) {
      if (isWorthARound(builder.name, runs, options)) runs.push(...(await runBuilder(builder, bench)));
    }
    for (const floor of floors) runs.push(await runFloor(floor, inputs, bench));
    if (workload.asksOneMoreRun === true) {
      const { registry } = options.setting;
      runs.push(...(await runOneMore(builders, inputs, { ...bench, registry, folder: homeFolder('contexts') })));
    }
  }
  const order: readonly string[] = [...builders, ...floors, ...ONE_MORE_FLOORS].map(({ name }) => name);
  const inOrder = runs.toSorted((a, b) => order.indexOf(a.subject) - order.indexOf(b.subject));
  return { id: workload.id, title: workload.title, runs: inOrder };
}

/** What failed is not tried again, and a peer that is slow is known well enough after one round. */
function isWorthARound(builder: BuilderName, runs: readonly Run[], { patienceSeconds }: RunOptions): boolean {
  const first = runs.filter(({ subject, round }) => subject === builder && round === 1);
  if (first.some(({ failure }) => failure !== undefined)) return false;
  if (isOurs(builder)) return true;
  return first.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0) <= patienceSeconds;
}

function rotate<T>(values: readonly T[], by: number): T[] {
  const at = values.length === 0 ? 0 : by % values.length;
  return [...values.slice(at), ...values.slice(0, at)];
}
