import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Group } from '../measure/accounting.ts';
import { measure, tail } from '../measure/measure.ts';
import type { Phase, Run } from '../report/results.ts';
import { homeFolder } from '../services/home.ts';
import type { Workload } from '../workloads/workload.ts';

/** What is the same for all runs of one round of a workload. */
export interface Bench {
  readonly workload: Workload;
  /** Folder of the context. */
  readonly context: string;
  readonly round: number;
  readonly timeoutSeconds: number;
  /** Ends everything when it fires. */
  readonly signal: AbortSignal;
  readonly say: (message: string) => void;
}

export interface Subject {
  /** Name of the builder or floor. */
  readonly subject: string;
  readonly group: Group;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Measures one command. */
export async function runOnce(bench: Bench, { subject, group, argv, env = {} }: Subject): Promise<Run> {
  // What others wrote is written back before, not while, this one runs.
  execFileSync('sync');
  const { workload, round, timeoutSeconds, signal } = bench;
  const log = join(homeFolder('logs'), `${workload.id}-${subject.replace(/[^a-z0-9]+/gi, '-')}.log`);
  const { exitCode, ...measured } = await measure(group, { argv, env, log, timeoutSeconds, signal });
  signal.throwIfAborted();
  return { subject, round, ...measured, ...(exitCode !== 0 && { failure: `exit code ${exitCode}\n${tail(log)}` }) };
}

/** What goes wrong before or after a command is a failure of that run, and of no other one; an interruption ends all. */
export async function runSafely<T extends Run | undefined>(
  { bench, subject, phase }: { readonly bench: Bench; readonly subject: string; readonly phase?: Phase },
  action: () => Promise<T>,
): Promise<T | Run> {
  try {
    return await action();
  } catch (error) {
    bench.signal.throwIfAborted();
    const nothing = { wallSeconds: 0, cpuSeconds: 0, peakBytes: 0 };
    return { subject, ...(phase !== undefined && { phase }), round: bench.round, ...nothing, failure: String(error) };
  }
}

export function sayRun({ workload, say }: Bench, run: Run): void {
  const { subject, phase, round, wallSeconds, cpuSeconds, peakBytes, failure } = run;
  const what = phase === undefined ? subject : `${subject}, ${phase}`;
  const numbers = `${wallSeconds.toFixed(3)} s, CPU ${cpuSeconds.toFixed(3)} s, ${(peakBytes / 1e6).toFixed(0)} MB`;
  say(`${workload.id} round ${round}, ${what}: ${numbers}${failure === undefined ? '' : ', FAILED'}`);
}
