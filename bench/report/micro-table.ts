import { formatRatio, formatSeconds } from './format.ts';
import type { MicroResult } from './results.ts';
import { table } from './table.ts';

/** Parts by themselves, beside the programs that do the same. */
export function microTable(micro: readonly MicroResult[]): string {
  const rows = micro.map((each) => [
    each.name,
    each.what,
    formatSeconds(each.seconds),
    rate(each),
    each.counterpart === undefined ? '' : `\`${each.counterpart.name}\` ${formatSeconds(each.counterpart.seconds)}`,
    each.counterpart === undefined ? '' : formatRatio(each.seconds / each.counterpart.seconds),
    each.note ?? '',
  ]);
  return table(['part', 'of', 'time', 'rate', 'beside it', 'ratio', ''], rows);
}

function rate({ amount, unit, seconds }: MicroResult): string {
  const perSecond = amount / seconds;
  return unit === 'B' ? `${(perSecond / 1e6).toFixed(0)} MB/s` : `${Math.round(perSecond / 1000)} k ${unit}/s`;
}
