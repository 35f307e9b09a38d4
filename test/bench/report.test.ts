import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BARS } from '../../bench/bars/bars.ts';
import { isMet, judge } from '../../bench/bars/judge.ts';
import { leftToDo, withEarlier } from '../../bench/earlier-results.ts';
import { ownRun } from '../../bench/floors/own-run.ts';
import { verdict } from '../../bench/report/bars-table.ts';
import { toFigures } from '../../bench/report/figures.ts';
import { headingsOf } from '../../bench/report/floors-page.ts';
import { formatSeconds } from '../../bench/report/format.ts';
import { report } from '../../bench/report/report.ts';
import {
  ONE_MORE_RUN,
  PHASES,
  type Phase,
  type Results,
  type Run,
  type WorkloadResults,
} from '../../bench/report/results.ts';
import { table } from '../../bench/report/table.ts';
import { WORKLOADS } from '../../bench/workloads/workloads.ts';

function run(subject: string, wallSeconds: number, phase?: Phase, more: Partial<Run> = {}): Run {
  const same = { round: 1, cpuSeconds: 2 * wallSeconds, peakBytes: 50e6 };
  return { subject, wallSeconds, ...same, ...(phase !== undefined && { phase }), ...more };
}

const RUNS = [
  run('lamella', 2, 'cold', { layerBytes: 30e6 }),
  run('docker', 9, 'cold'),
  run('buildah', 12, 'cold'),
  run('tar | pigz -6 -p2', 1),
];

function judged(text: string, runs: readonly Run[] = RUNS, scale = 1) {
  const bars = BARS.filter((bar) => bar.workload === 'W1' && bar.phase === 'cold' && bar.text.startsWith(text));
  return judge(bars, toFigures(runs), scale)[0] ?? expect.fail(text);
}

describe('figures', () => {
  it('are medians of the runs that succeeded', () => {
    const runs = [run('a', 1, 'cold'), run('a', 5, 'cold'), run('a', 99, 'cold', { failure: 'exit code 1' })];
    expect(toFigures(runs)).toEqual([
      { subject: 'a', phase: 'cold', wallSeconds: 3, cpuSeconds: 6, peakBytes: 50e6, runs: 2 },
    ]);
  });
});

describe('bars', () => {
  it('belong to workloads that there are', () => {
    const ids = WORKLOADS.map(({ id }) => id);
    expect(BARS.filter(({ workload }) => !ids.includes(workload))).toEqual([]);
  });

  it('are missed by what is above the limit, with the ratio', () => {
    expect(verdict(judged('≤ 1.3 ×'))).toBe('**missed by 0.700 s** (1.54 ×)');
  });

  it('compare with the fastest peer', () => {
    expect(judged('≥ 4 × faster')).toMatchObject({ value: 2, limit: 9 / 4 });
    expect(verdict(judged('≥ 4 × faster'))).toBe('met (0.889 ×)');
  });

  it('shrink sizes with the scale', () => {
    expect(isMet(judged('layer ≤', RUNS, 0.5))).toBe(false);
    expect(isMet(judged('layer ≤', RUNS, 1))).toBe(true);
  });

  it('hold a further RUN against the runtime itself', () => {
    const runs = [run('lamella', 0.02, ONE_MORE_RUN), run(ownRun.crun.name, 0.013), run('bare crun run', 0.012)];
    const bars = BARS.filter(({ phase, subject }) => phase === ONE_MORE_RUN && subject === 'lamella');
    expect(judge(bars, toFigures(runs), 1)).toMatchObject([{ limit: 0.026 }, { limit: 0.012 + 0.025 }]);
  });

  it('are neither met nor missed where nothing was measured', () => {
    expect(isMet(judged('≤ 1.3 ×', [run('lamella', 2, 'cold')]))).toBeUndefined();
    expect(verdict(judged('≤ 1.3 ×', [run('lamella', 2, 'cold')]))).toBe('');
  });
});

describe('seconds', () => {
  it('are written with three digits', () => {
    expect([0.01234, 0.9996, 1.234, 9.996, 12.34, 123.4].map(formatSeconds)).toEqual([
      '0.012 s',
      '1.00 s',
      '1.23 s',
      '10.0 s',
      '12.3 s',
      '123 s',
    ]);
  });
});

describe('a table', () => {
  it('aligns its columns and escapes bars', () => {
    expect(table(['a | b', 'c'], [['1', 'long']])).toBe(
      [String.raw`| a \| b | c    |`, '| ------ | ---- |', '| 1      | long |'].join('\n'),
    );
  });
});

describe('the report', () => {
  const occasion = { date: '2026-01-01 00:00 UTC', commit: 'abc', rounds: 1 };
  const results: Results = {
    ...{ ...occasion, command: 'node bench/run.ts', machine: ['A machine.'] },
    ...{ accounting: 'hand', scale: 0.1, builders: [{ name: 'lamella', version: '1', what: 'a build' }] },
    absent: [{ name: 'buildctl', failure: 'Error: no socket' }],
    workloads: [
      { ...occasion, id: 'W1', title: 'files', runs: [...RUNS, run('kaniko', 1, 'cold', { failure: 'no room' })] },
    ],
    micro: [{ name: 'hash', what: '1 MB', seconds: 0.5, amount: 1e6, unit: 'B' }],
  };

  it('says how it was made, what was measured and what failed', () => {
    const text = report(results);
    expect(text).toContain('Last run 2026-01-01 00:00 UTC at commit abc by `node bench/run.ts`.');
    expect(text).toContain('2026-01-01 00:00 UTC, commit abc, one round.');
    expect(text).toContain('buildctl is here and could not be started: `Error: no socket`');
    expect(text).toMatch(/^\| kaniko +\| \*\*failed\*\*/m);
    expect(text).toContain('Scale 0.1 (the bars are those of scale 1: this is a trial)');
    expect(text).toContain('Failed: kaniko, cold, round 1');
    expect(text).toContain('2 MB/s');
  });

  it('begins with the bars, and links those that are missed to what explains them', () => {
    const explained = headingsOf('# Floors\n\n## W1 cold\n\nText\n\n### ## W2 cold\n');
    expect([...explained]).toEqual(['W1 cold']);
    const full = { ...results, scale: 1 };
    expect(report(full, explained)).toContain('2 of 3 bars were met.');
    expect(report(full, explained)).toMatch(
      /^\| W1, lamella, cold: ≤ 1\.3 × .* \*\*missed by 0\.700 s\*\* \(1\.54 ×\) \[why\]\(performance-floors\.md#w1-cold\)/m,
    );
    expect(report(full)).not.toContain('[why]');
  });

  it('finds the headings of the page of floors by workload and phase', () => {
    const page = readFileSync(new URL('../../docs/performance-floors.md', import.meta.url), 'utf8');
    const phases = WORKLOADS.flatMap(({ id }) => [...PHASES, ONE_MORE_RUN].map((phase) => `${id} ${phase}`));
    expect([...headingsOf(page)].filter((heading) => !phases.includes(heading))).toEqual([]);
  });

  it('has a column for a further RUN where that was measured', () => {
    const runs = [...RUNS, run('lamella', 0.02, ONE_MORE_RUN), run('docker', 3, 'unchanged')];
    const text = report({ ...results, workloads: [{ ...occasion, id: 'W8', title: 'steps', runs }] });
    expect(text).toMatch(/^\| wall s .* \| one more RUN +\|/m);
    expect(text).toMatch(/^\| lamella +\| 2\.00 s .* \| 0\.020 s \(0\.040\) \|/m);
    expect(report(results)).not.toContain('| one more RUN');
  });

  it('tells who took part in fewer rounds than others', () => {
    const runs = [...RUNS, run('lamella', 2.2, 'cold', { round: 2 })];
    const text = report({ ...results, workloads: [{ ...occasion, rounds: 2, id: 'W1', title: 'files', runs }] });
    expect(text).toContain('medians of 2 rounds');
    expect(text).toContain('| docker (1 of 2 rounds)');
    expect(text).toMatch(/^\| lamella /m);
  });

  it('keeps what an earlier run measured and this one did not, in the order of the report', () => {
    const later = { ...results, micro: [], workloads: ['W5', 'W2'].map(workload) };
    const earlier = { ...results, workloads: ['W1', 'W5'].map(workload) };
    const both = withEarlier(later, earlier);
    expect(both.workloads.map(({ id }) => id)).toEqual(['W1', 'W2', 'W5']);
    expect(both.workloads[2]).toBe(later.workloads[0]);
    expect(both.micro).toBe(earlier.micro);
    expect(withEarlier(later, undefined)).toBe(later);
  });

  it('is resumed with what is missing or has failed', () => {
    const failed = { ...workload('W2'), runs: [run('docker', 0, 'cold', { failure: 'no room' })] };
    const earlier = { ...results, workloads: [workload('W1'), failed] };
    expect(leftToDo(['W1', 'W2', 'W3', 'micro'], earlier)).toEqual(['W2', 'W3']);
    expect(leftToDo(['W1', 'micro'], undefined)).toEqual(['W1', 'micro']);
  });

  function workload(id: string): WorkloadResults {
    return { ...occasion, id, title: id, runs: [run('lamella', 1, 'cold')] };
  }

  it('prints what was recorded elsewhere without making it part of a ratio', () => {
    const text = report({
      ...results,
      workloads: [{ ...occasion, id: 'W1', title: 'files', runs: [run('lamella', 2, 'cold')] }],
    });
    expect(text).toMatch(/_BuildKit 0\.26, recorded elsewhere_ +\| 10\.7 s \(14\.7\)/);
    expect(text).toMatch(/≥ 4 × faster than the best peer +\| 2\.00 s +\| not measured/);
  });
});
