import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Builder } from './builders/builder.ts';
import { emptyFolder } from './builders/tools.ts';
import type { FloorInputs } from './floors/floor.ts';
import { floorsOf } from './floors/floors.ts';
import { unpackBase } from './floors/root.ts';
import type { Group } from './measure/accounting.ts';
import { measure, tail } from './measure/measure.ts';
import { PHASES, type Run, type WorkloadResults } from './report/results.ts';
import { homeFolder } from './services/home.ts';
import { findProgram } from './services/programs.ts';
import { type Edit, editOf } from './workloads/edit.ts';
import type { SettingOptions } from './workloads/prepare.ts';
import { prepareContext } from './workloads/prepare.ts';
import type { Workload } from './workloads/workload.ts';

export interface RunOptions {
  readonly builders: readonly Builder[];
  /** Counts the floors. */
  readonly floors: Group;
  readonly setting: SettingOptions;
  readonly rounds: number;
  readonly timeoutSeconds: number;
  readonly say: (message: string) => void;
}

/** Everything that is the same for the runs of a workload. */
interface Bench extends RunOptions {
  readonly workload: Workload;
  readonly context: string;
  readonly round: number;
}

/** Runs a workload with all builders and its floors, in turns. */
export async function runWorkload(workload: Workload, options: RunOptions): Promise<WorkloadResults> {
  const context = prepareContext(workload, homeFolder('contexts'), options.setting);
  const inputs = floorInputs(workload, context, options.setting);
  const builders = options.builders.filter((builder) => builder.takes(workload));
  const runs: Run[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const bench = { ...options, workload, context, round };
    // Another one begins in each round, so that nobody always comes after the same neighbour.
    for (const builder of rotate(builders, round - 1)) runs.push(...(await runBuilder(builder, bench)));
    runs.push(...(await runFloors(inputs, bench)));
  }
  const order = [...builders.map(({ name }) => name as string), ...floorsOf(workload.id).map(({ name }) => name)];
  const inOrder = runs.toSorted((a, b) => order.indexOf(a.subject) - order.indexOf(b.subject));
  return { id: workload.id, title: workload.title, runs: inOrder };
}

async function runBuilder(builder: Builder, bench: Bench): Promise<Run[]> {
  const { workload, context, round, say } = bench;
  const edit: Edit | undefined =
    workload.editedFile === undefined
      ? undefined
      : editOf(join(context, workload.editedFile), `edited in round ${round} for ${builder.name}`);
  const runs: Run[] = [];
  await builder.clear();
  try {
    for (const phase of PHASES) {
      if (phase === 'one file changed') {
        if (edit === undefined) break;
        edit.apply();
      }
      const run = { ...(await runOnce(builder.group, bench, { subject: builder.name, builder })), phase };
      const layerBytes = run.failure === undefined ? await builder.layerBytes() : undefined;
      runs.push({ ...run, ...(layerBytes !== undefined && { layerBytes }) });
      say(`${workload.id} round ${round}, ${builder.name}, ${phase}: ${summary(run)}`);
      if (run.failure !== undefined) break;
    }
  } finally {
    edit?.revert();
  }
  return runs;
}

async function runFloors(inputs: FloorInputs, bench: Bench): Promise<Run[]> {
  const runs: Run[] = [];
  for (const floor of floorsOf(bench.workload.id)) {
    if (!floor.needs.every((program) => findProgram(program) !== undefined)) continue;
    const argv = floor.command(inputs);
    const run = await runOnce(bench.floors, bench, { subject: floor.name, argv });
    const { repeats = 1 } = floor;
    runs.push({ ...run, wallSeconds: run.wallSeconds / repeats, cpuSeconds: run.cpuSeconds / repeats });
    bench.say(`${bench.workload.id} round ${bench.round}, ${floor.name}: ${summary(run)}`);
  }
  return runs;
}

interface Subject {
  readonly subject: string;
  readonly builder?: Builder;
  readonly argv?: readonly string[];
}

async function runOnce(group: Group, bench: Bench, { subject, builder, argv }: Subject): Promise<Run> {
  // What others wrote is written back before, not while, this one runs.
  execFileSync('sync');
  const log = join(homeFolder('logs'), `${bench.workload.id}-${subject.replace(/[^a-z0-9]+/gi, '-')}.log`);
  const command = argv ?? builder?.command(bench) ?? [];
  const { timeoutSeconds, round } = bench;
  const { exitCode, ...measured } = await measure(group, {
    argv: command,
    log,
    timeoutSeconds,
    env: builder?.env ?? {},
  });
  return { subject, round, ...measured, ...(exitCode !== 0 && { failure: `exit code ${exitCode}\n${tail(log)}` }) };
}

function floorInputs(workload: Workload, context: string, setting: SettingOptions): FloorInputs {
  const scratch = homeFolder('scratch');
  emptyFolder(scratch);
  const { scale, registry } = setting;
  const wantsRoot = ['W4', 'W8'].includes(workload.id) && workload.base !== undefined;
  const root = wantsRoot ? unpackBase(`${registry}/${workload.base}`, join(scratch, 'base')) : scratch;
  const size = (atFullScale: number): number => Math.max(1, Math.round(atFullScale * scale));
  return { context, root, scratch, registry, size };
}

function rotate<T>(values: readonly T[], by: number): T[] {
  const at = values.length === 0 ? 0 : by % values.length;
  return [...values.slice(at), ...values.slice(0, at)];
}

function summary({ wallSeconds, cpuSeconds, peakBytes, failure }: Run): string {
  const numbers = `${wallSeconds.toFixed(3)} s, CPU ${cpuSeconds.toFixed(3)} s, ${(peakBytes / 1e6).toFixed(0)} MB`;
  return failure === undefined ? numbers : `FAILED after ${numbers}`;
}
