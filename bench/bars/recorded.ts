import type { Phase } from '../report/results.ts';

/** What was measured elsewhere, at full scale: printed as it is, and never part of a ratio. */
export interface Recorded {
  readonly workload: string;
  readonly builder: string;
  /** Wall seconds, CPU seconds in parentheses. */
  readonly seconds: Readonly<Partial<Record<Phase, string>>>;
  readonly note?: string;
}

const BUILDKIT = 'BuildKit 0.26';
const BUILDAH = 'buildah 1.28';
const KANIKO = 'kaniko 1.24';

/** The columns of the design's table of bars. */
export const RECORDED: readonly Recorded[] = [
  { workload: 'W1', builder: BUILDKIT, seconds: phases('10.7 s (14.7)', '1.5 to 2.0 s (3)', '7.5 to 8.8 s (10)') },
  { workload: 'W1', builder: BUILDAH, seconds: phases('15.6 s (24.2)', '10.3 s (16.5)', '18.4 s (28.7)') },
  { workload: 'W1', builder: KANIKO, seconds: phases('9.9 s (12.7)'), note: 'a layer 20 % larger' },
  { workload: 'W2', builder: BUILDKIT, seconds: phases('36 s (45)') },
  { workload: 'W2', builder: KANIKO, seconds: phases('34 s (54)'), note: '2 GiB of memory' },
  { workload: 'W3', builder: BUILDKIT, seconds: phases('10.6 s (11.6)', '1.0 s (1.6)') },
  { workload: 'W3', builder: BUILDAH, seconds: phases('9.1 s (12.4)', '3.8 s (6.4)') },
  { workload: 'W3', builder: KANIKO, seconds: phases('9.0 s (9.8)') },
  { workload: 'W4', builder: BUILDKIT, seconds: phases('10.7 s (13.2)', '1.2 s (2.0)', '1.3 s (2.0)') },
  { workload: 'W5', builder: BUILDKIT, seconds: phases('3.5 s (2.3)') },
  { workload: 'W5', builder: BUILDAH, seconds: phases('7.5 s (9.3)') },
  { workload: 'W8', builder: BUILDKIT, seconds: phases('10.0 s (11.4)') },
  { workload: 'W8', builder: BUILDAH, seconds: phases('54.7 s (63.5)') },
  { workload: 'W8', builder: KANIKO, seconds: phases('1.1 s (1.1)'), note: 'no isolation at all' },
];

function phases(cold: string, unchanged?: string, changed?: string): Recorded['seconds'] {
  return {
    cold,
    ...(unchanged !== undefined && { unchanged }),
    ...(changed !== undefined && { 'one file changed': changed }),
  };
}
