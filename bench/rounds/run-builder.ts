import { join } from 'node:path';
import type { Builder } from '../builders/builder.ts';
import { PHASES, type Phase, type Run } from '../report/results.ts';
import { editOf } from '../workloads/edit.ts';
import { type Bench, runOnce, runSafely, sayRun } from './bench.ts';

/** Builds cold, unchanged, and after an edit that is taken back; ends with the first build that fails, which is a result. */
export async function runBuilder(builder: Builder, bench: Bench): Promise<Run[]> {
  const runs: Run[] = [];
  for (const phase of PHASES) {
    const run = await runSafely({ bench, subject: builder.name, phase }, async () => {
      if (phase === 'cold') await builder.clear();
      return await runPhase(phase, builder, bench);
    });
    if (run === undefined) break;
    runs.push(run);
    sayRun(bench, run);
    if (run.failure !== undefined) break;
  }
  return runs;
}

async function runPhase(phase: Phase, builder: Builder, bench: Bench): Promise<Run | undefined> {
  if (phase !== 'one file changed') return await runBuild(phase, builder, bench);
  const { context, workload, round } = bench;
  if (workload.editedFile === undefined) return undefined;
  const edit = editOf(join(context, workload.editedFile), `edited in round ${round} for ${builder.name}`);
  edit.apply();
  try {
    return await runBuild(phase, builder, bench);
  } finally {
    edit.revert();
  }
}

async function runBuild(phase: Phase, builder: Builder, bench: Bench): Promise<Run> {
  const { name, group, env } = builder;
  const run = await runOnce(bench, { subject: name, group, argv: builder.command(bench), env });
  if (run.failure !== undefined) return { ...run, phase };
  return { ...run, phase, layerBytes: await builder.layerBytes() };
}
