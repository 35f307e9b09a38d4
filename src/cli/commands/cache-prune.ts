import type { Command, CommandContext } from '../command.ts';
import { cacheDirOf, refuseArguments } from '../common-arguments.ts';
import { formatBytes, printable } from '../format.ts';
import type { PruneOptions, PruneReport } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import type { Arguments } from '../parse-arguments.ts';
import { parseAge, parseSize } from '../values.ts';

export const cachePruneCommand: Command = {
  usage: 'lamella cache prune [--max-size SIZE] [--older-than AGE] [--all] [--dry-run] [--json]',
  details: [
    'Without a limit it takes away what nobody can reach (content of builds that were killed, images without a name) and the roots that failed steps left (`lamella shell`). With one, also what was used longest ago. What an image of the local store needs always stays (`lamella rm` takes its name away), and so does what a running build uses.',
  ],
  options: [
    { name: 'max-size', value: 'SIZE', help: 'Go on until the cache takes no more, as 20GB', support: FULL },
    { name: 'keep-storage', value: 'SIZE', help: 'The same, as docker calls it', support: FULL },
    { name: 'older-than', value: 'AGE', help: 'Take what was not used for so long, as 7d or 36h', support: FULL },
    { name: 'all', short: 'a', help: 'Take everything that no image of the local store needs', support: FULL },
    { name: 'dry-run', help: 'Say what would be taken, and take nothing', support: FULL },
    { name: 'json', help: 'Print JSON', support: FULL },
    CACHE_DIR_OPTION,
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [
    { command: 'lamella cache prune --max-size 20GB --older-than 30d', does: 'as a nightly job' },
    { command: 'lamella cache prune --all --dry-run', does: 'see what would go' },
  ],
  run,
};

async function run({ args, host, library, signal }: CommandContext): Promise<void> {
  refuseArguments(args, 'cache prune');
  const options = { ...cacheDirOf(args), ...limitsOf(args), signal };
  const { pruneCache } = await library();
  const report = await pruneCache(options);
  host.stdout.write(args.on('json') ? `${JSON.stringify(report, undefined, 2)}\n` : describe(report, options));
}

function limitsOf(args: Arguments): PruneOptions {
  const name = args.last('max-size') === undefined ? 'keep-storage' : 'max-size';
  const size = args.last(name);
  const age = args.last('older-than');
  return {
    ...(size !== undefined && { maxSize: parseSize(name, size) }),
    ...(age !== undefined && { olderThanMs: parseAge('older-than', age) }),
    all: args.on('all'),
    dryRun: args.on('dry-run'),
  };
}

function describe({ removed, freed, left }: PruneReport, { dryRun = false }: PruneOptions): string {
  const lines = removed.map(({ kind, id, size, text }) =>
    `${kind} ${id} ${formatBytes(size)} ${printable(text)}`.trimEnd(),
  );
  const verb = dryRun ? 'would free' : 'freed';
  return [...lines, `${verb} ${formatBytes(freed)}; ${formatBytes(left)} left`, ''].join('\n');
}
