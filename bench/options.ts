import { parseArgs } from 'node:util';
import { type BuilderName, isOurs } from './builders/builder.ts';
import { BUILDER_NAMES } from './builders/builders.ts';
import { WORKLOADS } from './workloads/workloads.ts';

export interface Options {
  /** Ids of workloads, and `micro`. */
  readonly only: readonly string[];
  readonly builders: readonly BuilderName[];
  readonly rounds: number;
  readonly scale: number;
  readonly timeoutSeconds: number;
  /** Peers whose first round took longer take part in no other one. */
  readonly patienceSeconds: number;
  /** How long nothing is measured after files were removed; by itself as long as the file system needs. */
  readonly restSeconds?: number;
  /** File for the results. */
  readonly json?: string;
  /** Leaves out what stands in the file for the results already. */
  readonly resume: boolean;
  /** File with the results of an earlier run, which is reported instead of running anything. */
  readonly from?: string;
  readonly writeDocs: boolean;
}

export const USAGE = `usage: node bench/run.ts [OPTION…]
  --only W1,W2,…       workloads, and micro for the parts by themselves (default: all)
  --peers NAME,…       builders (default: those on this machine of ${BUILDER_NAMES.map(toOption).join(', ')})
  --rounds N           rounds, of which medians are taken (default: 3)
  --scale F            size of the workloads, for trials (default: 1)
  --timeout SECONDS    longest build (default: 600)
  --patience SECONDS   longest round of a peer that takes part in more than one (default: 20)
  --rest SECONDS       pause between workloads, after files were removed (default: 60 on ext4, else none)
  --json FILE          write the results to a file, after each workload, beside those of other workloads that it has
  --resume             leave out what stands in that file already
  --from FILE          report the results of an earlier run
  --write-docs         write docs/performance.md
  --help               print this`;

/** Says what is wrong with the arguments, if anything is, and how they are used. */
export class UsageError extends Error {}

const ALL = [...WORKLOADS.map(({ id }) => id), 'micro'];

/** @throws UsageError */
export function parseOptions(args: readonly string[]): Options {
  const values = parse(args);
  return {
    only: choose(values.only, ALL, '--only'),
    builders: chooseBuilders(values.peers),
    rounds: positive(values.rounds, '--rounds', Number.isInteger),
    scale: positive(values.scale, '--scale', Number.isFinite),
    timeoutSeconds: positive(values.timeout, '--timeout', Number.isFinite),
    patienceSeconds: positive(values.patience, '--patience', Number.isFinite),
    resume: values.resume,
    ...(values.rest !== undefined && { restSeconds: positive(values.rest, '--rest', Number.isFinite) }),
    ...(values.json !== undefined && { json: values.json }),
    ...(values.from !== undefined && { from: values.from }),
    writeDocs: values['write-docs'],
  };
}

type Values = ReturnType<typeof parseStrictly>;

function parse(args: readonly string[]): Values {
  try {
    return parseStrictly(args);
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

function parseStrictly(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: ALL.join(',') },
      peers: { type: 'string', default: BUILDER_NAMES.map(toOption).join(',') },
      rounds: { type: 'string', default: '3' },
      scale: { type: 'string', default: '1' },
      timeout: { type: 'string', default: '600' },
      patience: { type: 'string', default: '20' },
      rest: { type: 'string' },
      resume: { type: 'boolean', default: false },
      json: { type: 'string' },
      from: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
    },
  }).values;
}

/** `lamella` stands for all of its columns. */
function chooseBuilders(list: string): BuilderName[] {
  const chosen = choose(list, BUILDER_NAMES.map(toOption), '--peers');
  return BUILDER_NAMES.filter(
    (name) => chosen.includes(toOption(name)) || (isOurs(name) && chosen.includes('lamella')),
  );
}

function toOption(name: BuilderName): string {
  return name.replace(' ', '-');
}

function choose(list: string, known: readonly string[], option: string): string[] {
  const names = list.split(',').filter(Boolean);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(`${option}: ${unknown} is none of ${known.join(', ')}`);
  return known.filter((name) => names.includes(name));
}

function positive(text: string, option: string, isRight: (value: number) => boolean): number {
  const value = Number(text);
  if (!isRight(value) || value <= 0) throw wrong(`${option}: ${text} is not a number above 0`);
  return value;
}

function wrong(message: string): UsageError {
  return new UsageError(`${message}\n${USAGE}`);
}
