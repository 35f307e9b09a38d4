import { median } from '../measure/statistics.ts';
import type { Phase, Run } from './results.ts';

/** Medians over the rounds of one builder in one phase, or of one floor. */
export interface Figure {
  readonly subject: string;
  readonly phase?: Phase;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly layerBytes?: number;
  /** Of how many runs these are the medians. */
  readonly runs: number;
}

/** Figures of the runs that succeeded, in the order in which their subjects appear first. */
export function toFigures(runs: readonly Run[]): Figure[] {
  const groups = Map.groupBy(
    runs.filter(({ failure }) => failure === undefined),
    ({ subject, phase }) => JSON.stringify([subject, phase]),
  );
  return [...groups.values()].map(toFigure);
}

function toFigure(runs: readonly Run[]): Figure {
  const [first] = runs;
  const middle = (of: (run: Run) => number | undefined): number =>
    median(runs.map(of).filter((value) => value !== undefined)) ?? Number.NaN;
  return {
    subject: first?.subject ?? '',
    ...(first?.phase !== undefined && { phase: first.phase }),
    wallSeconds: middle(({ wallSeconds }) => wallSeconds),
    cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
    peakBytes: middle(({ peakBytes }) => peakBytes),
    runs: runs.length,
    ...(first?.layerBytes !== undefined && { layerBytes: middle(({ layerBytes }) => layerBytes) }),
  };
}
