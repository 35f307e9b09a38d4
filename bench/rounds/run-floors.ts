import { join } from 'node:path';
import type { Floor, FloorInputs } from '../floors/floor.ts';
import { floorsOf } from '../floors/floors.ts';
import { unpackBase } from '../floors/root.ts';
import type { Group } from '../measure/accounting.ts';
import type { Run } from '../report/results.ts';
import { renewFolder } from '../services/aside.ts';
import { homeFolder } from '../services/home.ts';
import { findProgram } from '../services/programs.ts';
import type { SettingOptions } from '../workloads/prepare.ts';
import { scaleBy } from '../workloads/scale.ts';
import type { Workload } from '../workloads/workload.ts';
import { type Bench, runOnce, runSafely, sayRun } from './bench.ts';

export interface OpenFloors {
  readonly floors: readonly Floor[];
  readonly inputs: FloorInputs;
  /** Why floors are missing whose programs are there. */
  readonly failed: readonly Run[];
}

/** The floors of a workload for which the programs are there, and what they work on. */
export function openFloors(workload: Workload, context: string, { scale, registry }: SettingOptions): OpenFloors {
  const scratch = homeFolder('scratch');
  renewFolder(scratch);
  const floors = floorsOf(workload.id).filter(({ needs }) => needs.every((name) => findProgram(name) !== undefined));
  const inputs = { context, root: scratch, layers: [], scratch, registry, size: scaleBy(scale) };
  if (!floors.some(({ inRoot }) => inRoot)) return { floors, inputs, failed: [] };
  try {
    const base = unpackBase(`${registry}/${workload.base}`, join(scratch, 'base'));
    return { floors, inputs: { ...inputs, ...base }, failed: [] };
  } catch (error) {
    const nothing = { wallSeconds: 0, cpuSeconds: 0, peakBytes: 0 };
    const failed = { subject: 'root of the base image', round: 1, ...nothing, failure: String(error) };
    return { floors: floors.filter(({ inRoot }) => inRoot !== true), inputs, failed: [failed] };
  }
}

export async function runFloor(floor: Floor, inputs: FloorInputs, bench: Bench & { floors: Group }): Promise<Run> {
  const { name, repeats = 1 } = floor;
  const run = await runSafely({ bench, subject: name }, async () =>
    runOnce(bench, { subject: name, group: bench.floors, argv: floor.command(inputs) }),
  );
  const each = { ...run, wallSeconds: run.wallSeconds / repeats, cpuSeconds: run.cpuSeconds / repeats };
  sayRun(bench, each);
  return each;
}
