import type { Bar } from '../bars/bar.ts';
import { BARS } from '../bars/bars.ts';
import { isMet, type Judged, judge } from '../bars/judge.ts';
import { RECORDED } from '../bars/recorded.ts';
import { type Figure, toFigures } from './figures.ts';
import { formatMegabytes, formatRatio, formatSeconds, formatTimes } from './format.ts';
import { PHASES, type WorkloadResults } from './results.ts';
import { table } from './table.ts';

/** One workload as Markdown: builders, floors, bars, and what failed. */
export function workloadReport(workload: WorkloadResults, scale: number): string {
  const figures = toFigures(workload.runs);
  const bars = BARS.filter((bar) => bar.workload === workload.id);
  return [
    `## ${workload.id}: ${workload.title}`,
    occasion(workload),
    builderTable(workload, figures),
    floorTable(figures),
    ...(bars.length === 0 ? [] : [barTable(judge(bars, figures, scale))]),
    ...failures(workload),
  ].join('\n\n');
}

function occasion({ date, commit, rounds }: WorkloadResults): string {
  return `${date}, commit ${commit}, ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}.`;
}

function builderTable(workload: WorkloadResults, figures: readonly Figure[]): string {
  const builders = new Set(workload.runs.filter(({ phase }) => phase !== undefined).map(({ subject }) => subject));
  const measured = [...builders].map((name) => builderRow(name, workload, figures));
  const recorded = RECORDED.filter((each) => each.workload === workload.id).map(({ builder, seconds, note }) => [
    `_${builder}, recorded elsewhere_`,
    ...PHASES.map((phase) => seconds[phase] ?? ''),
    note ?? '',
    '',
  ]);
  return table(['wall s (CPU s)', ...PHASES, 'peak memory, cold', 'layers'], [...measured, ...recorded]);
}

function builderRow(name: string, { runs, rounds }: WorkloadResults, figures: readonly Figure[]): string[] {
  const times = PHASES.map((phase) => figures.find((figure) => figure.subject === name && figure.phase === phase));
  const [cold] = times;
  const failed = PHASES.map((phase) =>
    runs.some((run) => run.subject === name && run.phase === phase && run.failure !== undefined),
  );
  const takesPart = cold === undefined || cold.runs === rounds ? '' : ` (${cold.runs} of ${rounds} rounds)`;
  return [
    `${name}${takesPart}`,
    ...times.map((figure, at) => (figure === undefined ? (failed[at] ? '**failed**' : '') : formatTimes(figure))),
    cold === undefined ? '' : formatMegabytes(cold.peakBytes),
    cold?.layerBytes === undefined ? '' : formatMegabytes(cold.layerBytes),
  ];
}

/** lamella over each floor: by which factor it is above what the machine needs at least. */
function floorTable(figures: readonly Figure[]): string {
  const lamella = PHASES.map((phase) => figures.find((each) => each.subject === 'lamella' && each.phase === phase));
  const rows = figures
    .filter(({ phase }) => phase === undefined)
    .map((floor) => [
      `\`${floor.subject}\``,
      formatTimes(floor),
      ...lamella.map((figure) => (figure === undefined ? '' : formatRatio(figure.wallSeconds / floor.wallSeconds))),
    ]);
  return table(['floor', 'wall s (CPU s)', ...PHASES.map((phase) => `lamella ${phase}`)], rows);
}

function barTable(judged: readonly Judged[]): string {
  const rows = judged.map((each) => {
    const show = formatOf(each.bar);
    return [
      `${each.bar.subject}, ${each.bar.phase}: ${each.bar.text}`,
      each.value === undefined ? 'not measured' : show(each.value),
      each.limit === undefined ? 'not measured' : show(each.limit),
      verdict(each),
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

function failures({ runs }: WorkloadResults): string[] {
  return runs
    .filter(({ failure }) => failure !== undefined)
    .map(({ subject, phase, round, failure }) => {
      const where = phase === undefined ? subject : `${subject}, ${phase}`;
      return `Failed: ${where}, round ${round}\n\n\`\`\`text\n${failure}\n\`\`\``;
    });
}
