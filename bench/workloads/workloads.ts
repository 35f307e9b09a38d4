import { debianBase } from './debian-base.ts';
import { largeFiles } from './large-files.ts';
import { manyRuns } from './many-runs.ts';
import { npmApp } from './npm-app.ts';
import { parallelStages } from './parallel-stages.ts';
import { manyFiles, smallFiles } from './small-files.ts';
import type { Workload } from './workload.ts';

/** The workloads of the bars, in the order of the report. */
export const WORKLOADS: readonly Workload[] = [
  smallFiles,
  largeFiles,
  debianBase,
  npmApp,
  parallelStages,
  manyFiles,
  manyRuns,
];
