import type { Command, CommandContext } from '../command.ts';
import { cacheDirOf, refuseArguments } from '../common-arguments.ts';
import { formatBytes } from '../format.ts';
import type { CacheItem } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { formatTable } from '../table.ts';

export const cacheDuCommand: Command = {
  usage: 'lamella cache du [--json]',
  details: [
    'Says how many bytes the cache takes, by kind of content, and how many of them `lamella cache prune --all` would free.',
  ],
  options: [{ name: 'json', help: 'Print JSON', support: FULL }, CACHE_DIR_OPTION, DEBUG_OPTION, HELP_OPTION],
  examples: [{ command: 'lamella cache du', does: 'what takes the space' }],
  run,
};

interface Usage {
  readonly kind: string;
  readonly count: number;
  readonly size: number;
  /** Bytes that no image of the local store needs. */
  readonly reclaimable: number;
}

async function run({ args, host, library }: CommandContext): Promise<void> {
  refuseArguments(args, 'cache du');
  const { listCache } = await library();
  const items = await listCache(cacheDirOf(args));
  const kinds = [...new Set(items.map(({ kind }) => kind))].sort();
  const usage = kinds.map((kind) =>
    usageOf(
      kind,
      items.filter((item) => item.kind === kind),
    ),
  );
  const total = usageOf('total', items);
  const text = args.on('json')
    ? `${JSON.stringify({ kinds: usage, total }, undefined, 2)}\n`
    : table([...usage, total]);
  host.stdout.write(text);
}

function usageOf(kind: string, items: readonly CacheItem[]): Usage {
  const sum = (chosen: readonly CacheItem[]): number => chosen.reduce((total, { size }) => total + size, 0);
  const free = items.filter(({ reachedBy }) => reachedBy !== 'named');
  return { kind, count: items.length, size: sum(items), reclaimable: sum(free) };
}

function table(usage: readonly Usage[]): string {
  const rows = usage.map(({ kind, count, size, reclaimable }) => [
    kind,
    String(count),
    formatBytes(size),
    formatBytes(reclaimable),
  ]);
  return formatTable([['KIND', 'COUNT', 'SIZE', 'RECLAIMABLE'], ...rows]);
}
