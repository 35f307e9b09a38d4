// Feeds random and mutated input to everything that reads what others wrote. Whatever is thrown has to be one of our
// errors, nothing may take long, and what has an inverse has to come back:
//   node scripts/fuzz.mjs [--seconds 60] [--seed N] [--only parser,checks,expander,tar,reference]
// A failure prints seed and run: `--seed N --run M` does that run alone.
import { parseArgs } from 'node:util';
import { isBuilderError } from '../src/core/errors.ts';
import { fuzzChecks, fuzzExpander, fuzzParser } from './fuzz/dockerfiles.mjs';
import { createRandom } from './fuzz/random.mjs';
import { fuzzReference } from './fuzz/references.mjs';
import { fuzzTar } from './fuzz/tars.mjs';

const SLOWEST_MS = 5000;
const TARGETS = {
  parser: fuzzParser,
  checks: fuzzChecks,
  expander: fuzzExpander,
  tar: fuzzTar,
  reference: fuzzReference,
};

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    run: { type: 'string' },
    only: { type: 'string', default: Object.keys(TARGETS).join() },
  },
});

const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const names = values.only.split(',');
const unknown = names.filter((name) => !Object.hasOwn(TARGETS, name));
if (unknown.length > 0) throw new Error(`no target ${unknown.join()}: there are ${Object.keys(TARGETS).join()}`);
console.log(`seed ${seed}`);

const counts = Object.fromEntries(names.map((name) => [name, { runs: 0, refused: 0 }]));
if (values.run !== undefined) runOne(Number(values.run));
else runUntil(performance.now() + Number(values.seconds) * 1000);
for (const name of names) console.log(`${name}: ${counts[name].runs} runs, ${counts[name].refused} refused`);

function runUntil(end) {
  for (let run = 0; performance.now() < end && process.exitCode === undefined; run++) runOne(run);
}

/** The targets take turns, so that a run has one number and one input. */
function runOne(run) {
  const name = names[run % names.length];
  const random = createRandom(seed + run * 2_654_435_761);
  const inputs = [];
  const started = performance.now();
  counts[name].runs++;
  try {
    TARGETS[name](random, (input) => inputs.push(input));
  } catch (error) {
    if (isBuilderError(error)) counts[name].refused++;
    else fail(name, run, inputs, error);
  }
  if (performance.now() - started > SLOWEST_MS) fail(name, run, inputs, `took longer than ${SLOWEST_MS} ms`);
}

function fail(name, run, inputs, error) {
  console.error(`${name} failed: --seed ${seed} --run ${run} --only ${values.only}`);
  for (const input of inputs) console.error(JSON.stringify(input));
  console.error(error);
  process.exitCode = 1;
}
