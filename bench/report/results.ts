/** Builds of one builder in a round, in this order. */
export const PHASES = ['cold', 'unchanged', 'one file changed'] as const;
/** One more `RUN true` in a build that has others: measured apart, where a workload asks for it. */
export const ONE_MORE_RUN = 'one more RUN' as const;
export type Phase = (typeof PHASES)[number] | typeof ONE_MORE_RUN;

/** One measured command: a build, or a floor, which has no phase. */
export interface Run {
  /** Name of the builder or floor. */
  readonly subject: string;
  readonly phase?: Phase;
  readonly round: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** Bytes of the compressed layers of the image. */
  readonly layerBytes?: number;
  /** End of the output of a command that failed; its times count nowhere. */
  readonly failure?: string;
}

/** When and with what something was measured. */
export interface Occasion {
  readonly date: string;
  readonly commit: string;
  readonly rounds: number;
}

export interface WorkloadResults extends Occasion {
  readonly id: string;
  readonly title: string;
  readonly runs: readonly Run[];
}

export interface MicroResult {
  readonly name: string;
  /** What is done, and to how much. */
  readonly what: string;
  readonly seconds: number;
  /** Bytes or things that are worked on. */
  readonly amount: number;
  readonly unit: 'B' | 'paths' | 'lines';
  /** The same by another program. */
  readonly counterpart?: { readonly name: string; readonly seconds: number };
  readonly note?: string;
}

export interface BuilderDescription {
  readonly name: string;
  readonly version: string;
  readonly what: string;
}

export interface AbsentBuilder {
  readonly name: string;
  readonly failure: string;
}

/** Everything that a run of the benchmarks found out; what `--json` writes and the report is made of. */
export interface Results extends Occasion {
  readonly command: string;
  readonly machine: readonly string[];
  readonly accounting: string;
  readonly scale: number;
  readonly builders: readonly BuilderDescription[];
  /** Builders that are here and could not be started, with the reason. */
  readonly absent: readonly AbsentBuilder[];
  readonly workloads: readonly WorkloadResults[];
  readonly micro: readonly MicroResult[];
}
