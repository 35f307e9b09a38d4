import { BARS } from '../bars/bars.ts';
import { type Judged, judge } from '../bars/judge.ts';
import { RECORDED } from '../bars/recorded.ts';
import { barTable } from './bars-table.ts';
import { type Figure, toFigures } from './figures.ts';
import type { Explained } from './floors-page.ts';
import { formatMegabytes, formatRatio, formatTimes } from './format.ts';
import { ONE_MORE_RUN, PHASES, type Phase, type WorkloadResults } from './results.ts';
import { table } from './table.ts';

/** What was found of the bars of a workload. */
export function judgeWorkload({ id, runs }: WorkloadResults, scale: number): readonly Judged[] {
  const bars = BARS.filter((bar) => bar.workload === id);
  return judge(bars, toFigures(runs), scale);
}

/** One workload as Markdown: builders, floors, bars, and what failed. */
export function workloadReport(workload: WorkloadResults, scale: number, explained: Explained): string {
  const figures = toFigures(workload.runs);
  const judged = judgeWorkload(workload, scale);
  return [
    `## ${workload.id}: ${workload.title}`,
    occasion(workload),
    builderTable(workload, figures),
    floorTable(workload, figures),
    ...(judged.length === 0 ? [] : [barTable(judged, explained)]),
    ...failures(workload),
  ].join('\n\n');
}

function occasion({ date, commit, rounds }: WorkloadResults): string {
  return `${date}, commit ${commit}, ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}.`;
}

/** The phases of every workload, and what was measured besides. */
function phasesOf({ runs }: WorkloadResults): readonly Phase[] {
  return runs.some(({ phase }) => phase === ONE_MORE_RUN) ? [...PHASES, ONE_MORE_RUN] : PHASES;
}

function builderTable(workload: WorkloadResults, figures: readonly Figure[]): string {
  const builders = new Set(workload.runs.filter(({ phase }) => phase !== undefined).map(({ subject }) => subject));
  const phases = phasesOf(workload);
  const measured = [...builders].map((name) => builderRow(name, workload, figures));
  const recorded = RECORDED.filter((each) => each.workload === workload.id).map(({ builder, seconds, note }) => [
    `_${builder}, recorded elsewhere_`,
    ...phases.map((phase) => seconds[phase] ?? ''),
    note ?? '',
    '',
  ]);
  return table(['wall s (CPU s)', ...phases, 'peak memory, cold', 'layers'], [...measured, ...recorded]);
}

function builderRow(name: string, workload: WorkloadResults, figures: readonly Figure[]): string[] {
  const { runs, rounds } = workload;
  const phases = phasesOf(workload);
  const times = phases.map((phase) => figures.find((figure) => figure.subject === name && figure.phase === phase));
  const [cold] = times;
  const failed = phases.map((phase) =>
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
function floorTable(workload: WorkloadResults, figures: readonly Figure[]): string {
  const phases = phasesOf(workload);
  const lamella = phases.map((phase) => figures.find((each) => each.subject === 'lamella' && each.phase === phase));
  const rows = figures
    .filter(({ phase }) => phase === undefined)
    .map((floor) => [
      `\`${floor.subject}\``,
      formatTimes(floor),
      ...lamella.map((figure) => (figure === undefined ? '' : formatRatio(figure.wallSeconds / floor.wallSeconds))),
    ]);
  return table(['floor', 'wall s (CPU s)', ...phases.map((phase) => `lamella ${phase}`)], rows);
}

function failures({ runs }: WorkloadResults): string[] {
  return runs
    .filter(({ failure }) => failure !== undefined)
    .map(({ subject, phase, round, failure }) => {
      const where = phase === undefined ? subject : `${subject}, ${phase}`;
      return `Failed: ${where}, round ${round}\n\n\`\`\`text\n${failure}\n\`\`\``;
    });
}
