import type { Command, CommandContext } from '../command.ts';
import { cacheDirOf, refuseArguments } from '../common-arguments.ts';
import { fitColumns, formatBytes, printable } from '../format.ts';
import type { CacheItem } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { formatTable } from '../table.ts';

export const cacheLsCommand: Command = {
  usage: 'lamella cache ls [--json]',
  details: [
    'Lists what the cache holds, what was used last first: layers with the instruction that made them, manifests and configurations of images, directories of layers for RUN, folders of cache mounts, what was fetched (downloads, git repositories, npm tarballs), roots that failed steps left.',
    'NEEDED says by whom: named is an image of the local store, cache a build that comes again, shell whoever looks for why a step failed, nothing what only `lamella cache prune` is waiting for.',
  ],
  options: [{ name: 'json', help: 'Print JSON', support: FULL }, CACHE_DIR_OPTION, DEBUG_OPTION, HELP_OPTION],
  examples: [{ command: 'lamella cache ls | sort -k3 -h', does: 'the biggest last' }],
  run,
};

const TEXT_COLUMNS = 60;
const ID_LENGTH = 12;

async function run({ args, host, library }: CommandContext): Promise<void> {
  refuseArguments(args, 'cache ls');
  const { listCache } = await library();
  const items = await listCache(cacheDirOf(args));
  const rows = items.map((item) => row(item, Date.now()));
  const text = args.on('json')
    ? `${JSON.stringify(items, undefined, 2)}\n`
    : formatTable([['KIND', 'ID', 'SIZE', 'USED', 'NEEDED', 'WHAT'], ...rows]);
  host.stdout.write(text);
}

function row({ kind, id, size, usedMs, reachedBy, text }: CacheItem, nowMs: number): string[] {
  const short = id.replace(/^sha256:/, '').slice(0, ID_LENGTH);
  return [kind, short, formatBytes(size), age(nowMs - usedMs), reachedBy, fitColumns(printable(text), TEXT_COLUMNS)];
}

function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 120) return `${minutes}m`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / (24 * 60))}d`;
}
