import { isOurs } from '../builders/builder.ts';
import type { Figure } from '../report/figures.ts';
import type { Phase } from '../report/results.ts';
import { scaleBy } from '../workloads/scale.ts';
import type { Bar, Beside } from './bar.ts';

export interface Judged {
  readonly bar: Bar;
  /** Seconds or bytes; absent where it was not measured, like the limit. */
  readonly value?: number;
  readonly limit?: number;
}

/** Holds the figures of one workload against its bars. */
export function judge(bars: readonly Bar[], figures: readonly Figure[], scale: number): Judged[] {
  return bars.map((bar) => {
    const value = quantityOf(bar, figures);
    const limit = bar.limit(besideOf(figures, bar.phase, scale));
    return { bar, ...(value !== undefined && { value }), ...(limit !== undefined && { limit }) };
  });
}

export function isMet({ value, limit }: Judged): boolean | undefined {
  return value === undefined || limit === undefined ? undefined : value <= limit;
}

function quantityOf({ subject, phase, quantity }: Bar, figures: readonly Figure[]): number | undefined {
  const figure = figures.find((each) => each.subject === subject && each.phase === phase);
  if (quantity === 'memory') return figure?.peakBytes;
  if (quantity === 'layers') return figure?.layerBytes;
  return figure?.wallSeconds;
}

function besideOf(figures: readonly Figure[], phase: Phase, scale: number): Beside {
  const builds = figures.filter((figure) => figure.phase === phase);
  const secondsOf = (name: string): number | undefined => builds.find(({ subject }) => subject === name)?.wallSeconds;
  const peers = builds.filter(({ subject }) => !isOurs(subject)).map(({ wallSeconds }) => wallSeconds);
  return {
    floor: (name) => figures.find((figure) => figure.subject === name && figure.phase === undefined)?.wallSeconds,
    bestPeer: () => (peers.length === 0 ? undefined : Math.min(...peers)),
    buildKit: () => secondsOf('buildctl') ?? secondsOf('docker'),
    size: scaleBy(scale),
  };
}
