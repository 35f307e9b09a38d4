import { usageError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import { cacheDirOf, refuseArguments } from '../common-arguments.ts';
import { formatBytes, printable } from '../format.ts';
import type { PruneOptions, PruneReport } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION, REGISTRY_OPTIONS } from '../option-row.ts';
import type { Arguments } from '../parse-arguments.ts';
import { parseAge, parseSize } from '../values.ts';

export const cachePruneCommand: Command = {
  usage: 'lamella cache prune [--remote CACHE] [OPTION…]',
  details: [
    'Without a limit it takes away what nobody can reach (content of builds that were killed, images without a name) and the roots that failed steps left (`lamella shell`). With one, also what was used longest ago. What an image of the local store needs always stays (`lamella rm` takes its name away), and so does what a running build uses.',
    'With --remote it takes steps out of a shared cache (see `lamella build --cache-to`): without a limit those that nobody can use, with one also those uploaded first. The images beside it stay. A registry has to allow deleting, and frees the bytes when it collects its garbage.',
  ],
  options: [
    {
      name: 'remote',
      value: 'CACHE',
      help: 'Shared cache: REF, type=registry,ref=REF or type=local,src=DIR',
      support: FULL,
    },
    { name: 'max-size', value: 'SIZE', help: 'Go on until the cache takes no more, as 20GB', support: FULL },
    { name: 'keep-storage', value: 'SIZE', help: 'The same, as docker calls it', support: FULL },
    {
      name: 'older-than',
      value: 'AGE',
      help: 'Take what was not used (--remote: uploaded) for so long, as 7d or 36h',
      support: FULL,
    },
    { name: 'max-steps', value: 'COUNT', help: 'With --remote: go on until no more steps are left', support: FULL },
    {
      name: 'all',
      short: 'a',
      help: 'Take everything that no image of the local store needs; --remote: every step',
      support: FULL,
    },
    { name: 'dry-run', help: 'Say what would be taken, and take nothing', support: FULL },
    { name: 'json', help: 'Print JSON', support: FULL },
    ...REGISTRY_OPTIONS,
    CACHE_DIR_OPTION,
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [
    { command: 'lamella cache prune --max-size 20GB --older-than 30d', does: 'as a nightly job' },
    { command: 'lamella cache prune --all --dry-run', does: 'see what would go' },
    {
      command: 'lamella cache prune --remote r.example/team/cache --older-than 14d',
      does: 'keep a shared cache small',
    },
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { args, host, library, signal } = context;
  refuseArguments(args, 'cache prune');
  const remote = args.last('remote');
  const limits = limitsOf(args);
  if (remote !== undefined) return await (await import('./prune-remote.ts')).pruneRemote(context, { remote, limits });
  if (args.last('max-steps') !== undefined) {
    throw usageError('OPTION_CONFLICT', '--max-steps counts the steps of a shared cache', 'name one with --remote');
  }
  const options = { ...cacheDirOf(args), ...limits, signal };
  const { pruneCache } = await library();
  const report = await pruneCache(options);
  host.stdout.write(args.on('json') ? `${JSON.stringify(report, undefined, 2)}\n` : describe(report, options));
}

/** Limits that every kind of cache has. */
function limitsOf(args: Arguments): Pick<PruneOptions, 'maxSize' | 'olderThanMs' | 'all' | 'dryRun'> {
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
