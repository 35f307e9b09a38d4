// Measures parts of lamella by themselves, beside the programs that do the same: node bench/micro.ts [--json].
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from './measure/statistics.ts';
import { byteCases } from './micro/bytes.ts';
import { layerCases } from './micro/layers.ts';
import type { Counterpart, MicroCase, MicroInputs } from './micro/micro-case.ts';
import { parsingCases } from './micro/parsing.ts';
import { treeCases } from './micro/trees.ts';
import { microTable } from './report/micro-table.ts';
import type { MicroResult } from './report/results.ts';
import { homeFolder } from './services/home.ts';
import { findProgram } from './services/programs.ts';
import { writeContext } from './workloads/prepare.ts';
import { scaleBy } from './workloads/scale.ts';
import { smallFiles } from './workloads/small-files.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
  },
});

const scratch = homeFolder('micro');
try {
  const results = await runAll(Number(values.rounds), Number(values.scale));
  console.log(values.json ? JSON.stringify(results) : microTable(results));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function runAll(rounds: number, scale: number): Promise<MicroResult[]> {
  const inputs = makeInputs(scale);
  const cases = [...byteCases(inputs), ...layerCases(inputs), ...treeCases(inputs), ...parsingCases(inputs)];
  const results: MicroResult[] = [];
  for (const each of cases) results.push(await runCase(each, rounds));
  return results;
}

function makeInputs(scale: number): MicroInputs {
  const context = join(scratch, 'context');
  writeContext(smallFiles, context, { scale, registry: '', npmRegistry: '' });
  return { files: join(context, 'src'), scratch, size: scaleBy(scale) };
}

/** The case and its counterpart in turns, after a round that only warms up. */
async function runCase(each: MicroCase, rounds: number): Promise<MicroResult> {
  const own: number[] = [];
  const others: number[] = [];
  const counterpart = each.counterpart && isHere(each.counterpart) ? each.counterpart : undefined;
  for (let round = 0; round <= rounds; round++) {
    each.prepare?.();
    const seconds = await secondsOf(each.run);
    if (round > 0) own.push(seconds);
    if (counterpart === undefined || round === 0) continue;
    each.prepare?.();
    others.push(await secondsOf(() => runCounterpart(counterpart)));
  }
  const { name, what, amount, unit, note } = each;
  const beside = median(others);
  return {
    ...{ name, what, amount, unit, seconds: median(own) ?? Number.NaN },
    ...(counterpart !== undefined &&
      beside !== undefined && { counterpart: { name: counterpart.name, seconds: beside } }),
    ...(note !== undefined && { note: note() }),
  };
}

function isHere(counterpart: Counterpart): boolean {
  return !('needs' in counterpart) || counterpart.needs.every((program) => findProgram(program) !== undefined);
}

function runCounterpart(counterpart: Counterpart): unknown {
  return 'script' in counterpart ? runScript(counterpart.script) : counterpart.run();
}

async function secondsOf(action: () => unknown): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

function runScript(script: string): void {
  const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: exit code ${status}\n${stderr}`);
}
