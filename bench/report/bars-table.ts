import type { Bar } from '../bars/bar.ts';
import { isMet, type Judged } from '../bars/judge.ts';
import { type Explained, FLOORS_PAGE, whyLink } from './floors-page.ts';
import { formatMegabytes, formatRatio, formatSeconds } from './format.ts';
import { table } from './table.ts';

/** The bars of one workload, with what was found. */
export function barTable(judged: readonly Judged[], explained: Explained): string {
  return barRows(judged, explained, ({ subject, phase, text }) => `${subject}, ${phase}: ${text}`);
}

/** How many bars were met, and those that were not. */
export function barSummary(judged: readonly Judged[], explained: Explained): string {
  const measured = judged.filter((each) => isMet(each) !== undefined);
  const missed = measured.filter((each) => isMet(each) === false);
  const count = `${measured.length - missed.length} of ${measured.length} bars were met.`;
  if (missed.length === 0) return count;
  const where = `What stands in the way of the others is in [${FLOORS_PAGE}](${FLOORS_PAGE}).`;
  const named = ({ workload, subject, phase, text }: Bar): string => `${workload}, ${subject}, ${phase}: ${text}`;
  return [`${count} ${where}`, barRows(missed, explained, named)].join('\n\n');
}

function barRows(judged: readonly Judged[], explained: Explained, nameOf: (bar: Bar) => string): string {
  const rows = judged.map((each) => {
    const show = formatOf(each.bar);
    return [
      nameOf(each.bar),
      each.value === undefined ? 'not measured' : show(each.value),
      each.limit === undefined ? 'not measured' : show(each.limit),
      isMet(each) === false ? `${verdict(each)} ${whyLink(each.bar, explained)}`.trimEnd() : verdict(each),
    ];
  });
  return table(['bar', 'found', 'at most', ''], rows);
}

/** `met`, or by how much it was missed. */
export function verdict(judged: Judged): string {
  const met = isMet(judged);
  if (met === undefined) return '';
  const { value = 0, limit = 0, bar } = judged;
  const part = formatRatio(value / limit);
  return met ? `met (${part})` : `**missed by ${formatOf(bar)(value - limit)}** (${part})`;
}

function formatOf({ quantity }: Bar): (value: number) => string {
  return quantity === undefined || quantity === 'seconds' ? formatSeconds : formatMegabytes;
}
