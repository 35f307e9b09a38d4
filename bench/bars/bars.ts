import { ownRun } from '../floors/own-run.ts';
import { ONE_MORE_RUN } from '../report/results.ts';
import { STEPS } from '../workloads/many-runs.ts';
import type { Bar, Beside } from './bar.ts';

const MB = 1e6;

type Limit = Bar['limit'];

/** The bars of the design. Ratios are to what runs beside lamella; absolute ones hold at full scale. */
export const BARS: readonly Bar[] = [
  ...of('W1', 'cold', {
    '≤ 1.3 × tar | pigz -6 -p2': times(1.3, floor('tar | pigz -6 -p2')),
    '≥ 4 × faster than the best peer': bestPeerOver(4),
  }),
  {
    ...{ workload: 'W1', phase: 'cold', subject: 'lamella', quantity: 'layers' },
    text: 'layer ≤ 34.8 MB (BuildKit 0.26)',
    limit: ({ size }) => size(34.8 * MB),
  },
  ...of('W1', 'unchanged', {
    "≤ Node's start + 0.25 s": plus(0.25, floor('node -e 0')),
    '≤ 2.5 × find -printf': times(2.5, floor('find -printf')),
    '≥ 4 × faster than the best peer': bestPeerOver(4),
  }),
  ...of('W1', 'one file changed', {
    '≤ 1.0 s': () => 1,
    '≥ 8 × faster than the best peer': bestPeerOver(8),
  }),
  ...of('W2', 'cold', { '≤ 0.7 × tar | pigz -6 -p2': times(0.7, floor('tar | pigz -6 -p2')) }),
  {
    ...{ workload: 'W2', phase: 'cold', subject: 'lamella', quantity: 'memory' },
    text: '≤ 256 MB of memory',
    limit: () => 256 * MB,
  },
  ...of('W3', 'cold', { '≥ 2 × faster than the best peer': bestPeerOver(2) }),
  ...of('W3', 'unchanged', { "≤ Node's start + 0.1 s": plus(0.1, floor('node -e 0')) }),
  ...of('W4', 'cold', { '≤ 1 s over the bare npm ci': plus(1, floor('npm ci in bare crun')) }),
  ...of('W4', 'cold', { '≥ 3 × faster than BuildKit': buildKitOver(3) }, 'lamella native'),
  ...of('W4', 'unchanged', { "≤ Node's start + 0.1 s": plus(0.1, floor('node -e 0')) }),
  ...of('W4', 'one file changed', { "≤ Node's start + 0.25 s": plus(0.25, floor('node -e 0')) }),
  ...of('W5', 'cold', { '≤ 2.8 s': () => 2.8 }),
  ...of('W8', 'cold', {
    'whole build, per step ≤ bare crun run + 25 ms': perStep(floor('bare crun run')),
    '≥ 1.7 × faster than BuildKit': buildKitOver(1.7),
  }),
  ...of(
    'W8',
    'cold',
    {
      'whole build, per step ≤ bare unshare + 25 ms': perStep(floor('bare unshare')),
      '≥ 2.5 × faster than BuildKit': buildKitOver(2.5),
    },
    'lamella unshare',
  ),
  ...of('W8', ONE_MORE_RUN, {
    '≤ 2 × crun run of the same command': twiceCrun,
    '≤ bare crun run + 25 ms': plus(0.025, floor('bare crun run')),
  }),
  ...of(
    'W8',
    ONE_MORE_RUN,
    {
      '≤ 2 × crun run of the same command': twiceCrun,
      '≤ bare unshare + 25 ms': plus(0.025, floor('bare unshare')),
    },
    'lamella unshare',
  ),
];

function of(
  workload: string,
  phase: Bar['phase'],
  limits: Readonly<Record<string, Limit>>,
  subject: Bar['subject'] = 'lamella',
): Bar[] {
  return Object.entries(limits).map(([text, limit]) => ({ workload, phase, subject, text, limit }));
}

function floor(name: string): Limit {
  return (beside) => beside.floor(name);
}

function twiceCrun(beside: Beside): number | undefined {
  return times(2, floor(ownRun.crun.name))(beside);
}

function times(factor: number, limit: Limit): Limit {
  return change(limit, (seconds) => seconds * factor);
}

function plus(more: number, limit: Limit): Limit {
  return change(limit, (seconds) => seconds + more);
}

function bestPeerOver(factor: number): Limit {
  return times(1 / factor, (beside) => beside.bestPeer());
}

function buildKitOver(factor: number): Limit {
  return times(1 / factor, (beside) => beside.buildKit());
}

/** A whole build of that many steps: Node's start and the base image are in it. */
function perStep(bare: Limit): Limit {
  return change(bare, (seconds, { size }) => size(STEPS) * (seconds + 0.025));
}

function change(limit: Limit, by: (value: number, beside: Beside) => number): Limit {
  return (beside) => {
    const value = limit(beside);
    return value === undefined ? undefined : by(value, beside);
  };
}
