import type { Phase } from '../report/results.ts';

/** What stands beside lamella in the same run; each is `undefined` where it was not measured. */
export interface Beside {
  /** Wall seconds of a floor. */
  readonly floor: (name: string) => number | undefined;
  /** Wall seconds of the fastest peer in the phase of the bar. */
  readonly bestPeer: () => number | undefined;
  /** Wall seconds of Docker's BuildKit, or of `buildctl` where that was measured. */
  readonly buildKit: () => number | undefined;
  /** A number of the full workload at the scale of this run. */
  readonly size: (atFullScale: number) => number;
}

/** What lamella is held to: a quantity that must not be above a limit. */
export interface Bar {
  readonly workload: string;
  readonly phase: Phase;
  readonly subject: 'lamella' | 'lamella unshare' | 'lamella native';
  readonly text: string;
  /** Default: wall seconds. */
  readonly quantity?: 'seconds' | 'memory' | 'layers';
  /** In seconds or bytes. */
  readonly limit: (beside: Beside) => number | undefined;
}
