import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Builder, isOurs } from '../builders/builder.ts';
import { ownRun } from '../floors/own-run.ts';
import type { Group } from '../measure/accounting.ts';
import { ONE_MORE_RUN, type Run } from '../report/results.ts';
import { renewFolder } from '../services/aside.ts';
import { findProgram } from '../services/programs.ts';
import { type Bench, runOnce, runSafely, sayRun } from './bench.ts';
import { type OpenFloors, runFloor } from './run-floors.ts';

/** Steps of the shorter build, and how many more the longer one has. */
const FEW = 10;
const MORE = 50;
/** Pairs of builds whose median counts, in each round. */
const TURNS = 3;

/** Runs of the command itself by the methods of lamella, each in turns with the builds. */
export const ONE_MORE_FLOORS = [ownRun.crun, ownRun.unshare];

export interface OneMoreOptions extends Bench {
  readonly floors: Group;
  readonly registry: string;
  /** Folder for contexts. */
  readonly folder: string;
}

/**
 * What a further `RUN true` costs a build: the difference of two builds that differ in their number, for each of them.
 * Start, base image and output are in both. The builders have the base image already.
 */
export async function runOneMore(
  builders: readonly Builder[],
  inputs: OpenFloors['inputs'],
  options: OneMoreOptions,
): Promise<Run[]> {
  const ours = builders.filter(({ name }) => isOurs(name));
  const floors = ONE_MORE_FLOORS.filter(({ needs }) => needs.every((name) => findProgram(name) !== undefined));
  const runs: Run[] = [];
  for (let turn = 1; turn <= TURNS; turn++) {
    for (const builder of ours) runs.push(await oneMore(builder, turn, { ...options, ...inputs }));
    for (const floor of floors) runs.push(await runFloor(floor, inputs, options));
  }
  return runs;
}

type Inputs = OneMoreOptions & Pick<OpenFloors['inputs'], 'size'>;

async function oneMore(builder: Builder, turn: number, options: Inputs): Promise<Run> {
  const { size } = options;
  const run = await runSafely({ bench: options, subject: builder.name, phase: ONE_MORE_RUN }, async () => {
    const few = await build(builder, { turn, steps: size(FEW) }, options);
    const many = await build(builder, { turn, steps: size(FEW) + size(MORE) }, options);
    return few.failure === undefined ? differenceOf(few, many, size(MORE)) : few;
  });
  const named: Run = { ...run, phase: ONE_MORE_RUN };
  sayRun(options, named);
  return named;
}

function differenceOf(few: Run, many: Run, steps: number): Run {
  const per = (of: (run: Run) => number): number => (of(many) - of(few)) / steps;
  return {
    ...many,
    wallSeconds: per(({ wallSeconds }) => wallSeconds),
    cpuSeconds: per(({ cpuSeconds }) => cpuSeconds),
  };
}

interface BuildSize {
  readonly turn: number;
  readonly steps: number;
}

async function build(builder: Builder, { turn, steps }: BuildSize, options: Inputs): Promise<Run> {
  const { folder, registry, round } = options;
  const context = join(folder, 'one-more-run');
  renewFolder(context);
  // The first step is another one in each build: nothing on top of it was made before.
  const first = `echo ${[round, turn, steps].join(' ')} > /first`;
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM ${registry}/${options.workload.base}\nRUN ${first}\n${'RUN true\n'.repeat(steps)}`,
  );
  const { name, group, env } = builder;
  return await runOnce(options, { subject: name, group, argv: builder.command({ ...options, context }), env });
}
