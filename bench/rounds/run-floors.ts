import { join } from 'node:path';
import { emptyFolder } from '../builders/tools.ts';
import type { Floor, FloorInputs } from '../floors/floor.ts';
import { floorsOf } from '../floors/floors.ts';
import { unpackBase } from '../floors/root.ts';
import type { Group } from '../measure/accounting.ts';
import type { Run } from '../report/results.ts';
import { homeFolder } from '../services/home.ts';
import { findProgram } from '../services/programs.ts';
import type { SettingOptions } from '../workloads/prepare.ts';
import { scaleBy } from '../workloads/scale.ts';
import type { Workload } from '../workloads/workload.ts';
import { type Bench, runOnce, sayRun } from './bench.ts';

/** The floors of a workload for which the programs are there. */
export function presentFloors(workload: Workload): Floor[] {
  return floorsOf(workload.id).filter(({ needs }) => needs.every((program) => findProgram(program) !== undefined));
}

export function floorInputs(workload: Workload, context: string, { scale, registry }: SettingOptions): FloorInputs {
  const scratch = homeFolder('scratch');
  emptyFolder(scratch);
  const wantsRoot = floorsOf(workload.id).some(({ inRoot }) => inRoot);
  const root = wantsRoot ? unpackBase(`${registry}/${workload.base}`, join(scratch, 'base')) : scratch;
  return { context, root, scratch, registry, size: scaleBy(scale) };
}

export async function runFloor(floor: Floor, inputs: FloorInputs, bench: Bench & { floors: Group }): Promise<Run> {
  const { name, repeats = 1 } = floor;
  const run = await runOnce(bench, { subject: name, group: bench.floors, argv: floor.command(inputs) });
  const each = { ...run, wallSeconds: run.wallSeconds / repeats, cpuSeconds: run.cpuSeconds / repeats };
  sayRun(bench, each);
  return each;
}
