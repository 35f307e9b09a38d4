// Runs the workloads with lamella and the builders of this machine, beside the floors; see bench/README.md.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBuilders } from './builders/builders.ts';
import { emptyFolder } from './builders/tools.ts';
import { leftToDo, readEarlier, readResults, withEarlier } from './earlier-results.ts';
import { chooseAccounting } from './measure/choose-accounting.ts';
import { quote } from './measure/measure.ts';
import { type Options, parseOptions, USAGE, UsageError } from './options.ts';
import { FLOORS_PAGE, headingsOf } from './report/floors-page.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { report } from './report/report.ts';
import type { MicroResult, Occasion, Results } from './report/results.ts';
import { type RunOptions, runWorkload } from './rounds/run-workload.ts';
import { removeAside, removeAsideAndRest, restSeconds } from './services/aside.ts';
import { homeFolder } from './services/home.ts';
import { startNpmRegistry } from './services/npm-registry.ts';
import { openTestHost } from './services/test-host.ts';
import { WORKLOADS } from './workloads/workloads.ts';

const REPOSITORY = join(import.meta.dirname, '..');
const DOCS = join(REPOSITORY, 'docs');

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const results = options.from === undefined ? await run(options, args) : readResults(options.from);
  const text = report(results, headingsOf(readFileSync(join(DOCS, FLOORS_PAGE), 'utf8')));
  if (options.writeDocs) writeFileSync(join(DOCS, 'performance.md'), text);
  console.log(text);
}

async function run(options: Options, args: readonly string[]): Promise<Results> {
  const earlier = readEarlier(options.json, options.scale);
  const about = {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ').concat(' UTC'),
    commit: describeCommit(REPOSITORY),
    command: ['node bench/run.ts', ...args.map(quote)].join(' '),
    machine: describeMachine(),
    scale: options.scale,
    rounds: options.rounds,
  };
  const only = options.resume ? leftToDo(options.only, earlier) : options.only;
  const whole = (measured: Measured): Results => withEarlier({ ...about, ...measured }, earlier);
  return whole(await runAll({ ...options, only }, about, (soFar) => save(options, whole(soFar))));
}

type Measured = Pick<Results, 'accounting' | 'builders' | 'absent' | 'workloads' | 'micro'>;

async function runAll(options: Options, about: Occasion, save: (measured: Measured) => void): Promise<Measured> {
  await using services = new AsyncDisposableStack();
  const { described, ...running } = await open(options, services);
  let measured: Measured = { ...described, workloads: [], micro: [] };
  for (const workload of WORKLOADS.filter(({ id }) => options.only.includes(id))) {
    const { date, commit, rounds } = about;
    await removeAsideAndRest(options.restSeconds ?? restSeconds(), running.signal);
    const results = { ...(await runWorkload(workload, running)), date, commit, rounds };
    measured = { ...measured, workloads: [...measured.workloads, results] };
    save(measured);
  }
  if (options.only.includes('micro')) measured = { ...measured, micro: runMicro(options) };
  save(measured);
  return measured;
}

type Running = RunOptions & { readonly described: Pick<Measured, 'accounting' | 'builders' | 'absent'> };

/** Starts what the workloads need; `services` ends it. */
async function open(options: Options, services: AsyncDisposableStack): Promise<Running> {
  const { rounds, timeoutSeconds, patienceSeconds, scale } = options;
  const accounting = chooseAccounting();
  const { registry } = services.use(openTestHost());
  const npm = services.use(await startNpmRegistry(homeFolder('npm')));
  const { builders, absent } = await openBuilders(options.builders, { accounting, folder: homeFolder });
  for (const builder of builders) services.use(builder);
  const floors = accounting.openGroup('floors');
  services.defer(() => floors.close());
  services.defer(() => {
    emptyFolder(homeFolder('scratch'));
    removeAside();
  });
  const setting = { scale, registry, npmRegistry: npm.address };
  const described = {
    accounting: accounting.explanation,
    builders: builders.map(({ name, version, what }) => ({ name, version, what })),
    absent,
  };
  const limits = { rounds, timeoutSeconds, patienceSeconds };
  return { builders, floors, setting, ...limits, signal: interruption(), say: console.error, described };
}

/** Fires at the first Ctrl-C, so that daemons and control groups are cleared away; the second one ends all at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort(new Error(`ended by ${name}`)));
  }
  return controller.signal;
}

/** In a process of its own, so that no garbage of this one is in its times. What goes wrong costs these figures only. */
function runMicro({ rounds, scale }: Options): MicroResult[] {
  const script = join(import.meta.dirname, 'micro.ts');
  const args = [script, '--json', '--rounds', String(rounds), '--scale', String(scale)];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? (JSON.parse(stdout) as MicroResult[]) : [];
}

function save({ json }: Options, results: Results): void {
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`);
}

try {
  const args = process.argv.slice(2);
  if (args.includes('--help')) console.log(USAGE);
  else await main(args);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
