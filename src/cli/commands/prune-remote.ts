import { usageError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';
import { formatBytes, printable } from '../format.ts';
import type { SharedPruneOptions, SharedPruneReport } from '../library.ts';
import type { Arguments } from '../parse-arguments.ts';
import { parseCacheFrom } from '../parse-cache.ts';
import { registryOptionsOf } from '../registry-request.ts';

/** `lamella cache prune --remote CACHE`: takes steps out of a shared cache. */
export async function pruneRemote(
  { args, host, library, signal }: CommandContext,
  { remote, limits }: { readonly remote: string; readonly limits: SharedPruneOptions },
): Promise<void> {
  const place = parseCacheFrom(remote, 'remote');
  const maxSteps = stepsOf(args);
  const options = {
    ...limits,
    ...(maxSteps !== undefined && { maxSteps }),
    registry: registryOptionsOf(args),
    signal,
  };
  const { pruneSharedCache } = await library();
  const report = await pruneSharedCache(place, options);
  host.stdout.write(
    args.on('json') ? `${JSON.stringify(report, undefined, 2)}\n` : describe(report, args.on('dry-run')),
  );
}

function stepsOf(args: Arguments): number | undefined {
  const text = args.last('max-steps');
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw usageError('OPTION_BAD_VALUE', `--max-steps cannot be ${JSON.stringify(text)}: it is no number`, 'write 500');
}

function describe({ name, removed, steps, freed, left }: SharedPruneReport, isDry: boolean): string {
  const lines = removed.map(({ key, step, uploaded, size }) =>
    `step ${key} ${uploaded ?? 'unknown'} ${formatBytes(size)} ${printable(step === '' ? 'unusable' : step)}`.trimEnd(),
  );
  const verb = isDry ? 'would let go of' : 'let go of';
  const sum = `${verb} ${removed.length} steps, ${formatBytes(freed)}; ${name} has ${steps} left, ${formatBytes(left)}`;
  return [...lines, sum, ''].join('\n');
}
