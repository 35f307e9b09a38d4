import { CliError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import { cacheDirOf, refuseArguments } from '../common-arguments.ts';
import type { VerifyReport } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';

export const cacheVerifyCommand: Command = {
  usage: 'lamella cache verify [--repair] [--quick] [--json]',
  details: [
    'Hashes every blob, unpacks every layer, compares tables of contents, records, images and the directories of layers. Damage that is left exits with 7.',
    '--repair takes away what is damaged, so that the next build makes it again; only an image that lacks something must be built or pulled anew.',
  ],
  options: [
    { name: 'repair', help: 'Take away what is damaged', support: FULL },
    { name: 'quick', help: 'Hash blobs only; unpack no layer, read no directory', support: FULL },
    { name: 'json', help: 'Print JSON', support: FULL },
    CACHE_DIR_OPTION,
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [{ command: 'lamella cache verify --repair', does: 'mend what a crash of the machine left' }],
  run,
};

async function run({ args, host, library, signal }: CommandContext): Promise<void> {
  refuseArguments(args, 'cache verify');
  const { verifyCache } = await library();
  const report = await verifyCache({
    ...cacheDirOf(args),
    repair: args.on('repair'),
    quick: args.on('quick'),
    signal,
  });
  host.stdout.write(args.on('json') ? `${JSON.stringify(report, undefined, 2)}\n` : describe(report));
  const left = report.damage.filter(({ repaired }) => !repaired);
  if (left.length > 0) throw damaged(left);
}

function describe({ checked, damage }: VerifyReport): string {
  const counts = Object.entries(checked).map(([kind, count]) => `${kind} ${count}`);
  const lines = damage.map(
    ({ kind, id, problem, repaired }) => `${kind} ${id}: ${problem}${repaired ? ' (taken away)' : ''}`,
  );
  return [...lines, `checked: ${counts.join(', ')}; damaged: ${damage.length}`, ''].join('\n');
}

function damaged(left: VerifyReport['damage']): CliError {
  const isImage = left.every(({ kind }) => kind === 'image');
  const hint = isImage
    ? `build or pull it again, or forget it with: lamella rm ${left[0]?.id}`
    : 'take away what is damaged with --repair; the next build makes it again';
  const count = left.length === 1 ? 'one thing is' : `${left.length} things are`;
  return new CliError('content', 'CONTENT_CACHE_DAMAGED', `${count} damaged in the cache`, { hint });
}
