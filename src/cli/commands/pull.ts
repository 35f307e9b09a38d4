import type { Command, CommandContext } from '../command.ts';
import { FULL, type OptionRow } from '../option-row.ts';
import { COPY_OPTIONS, PLATFORM_OPTION, runCopy, wordsOf } from '../run-copy.ts';

const ALL_OPTION: OptionRow = { name: 'all-platforms', help: 'The whole index', support: FULL };

export const pullCommand: Command = {
  usage: 'lamella pull [OPTION…] REF',
  details: [
    'Brings an image of a registry into the local store, where builds find it, also with --offline. Without --platform and --all-platforms it is the one for this machine.',
  ],
  options: [PLATFORM_OPTION, ALL_OPTION, ...COPY_OPTIONS],
  examples: [
    { command: 'lamella pull node:24-slim', does: 'fetch a base for builds without a network' },
    { command: 'lamella pull --platform linux/amd64,linux/arm64 node:24-slim', does: 'for two platforms' },
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const [reference = ''] = wordsOf(context.args, 'lamella pull REF', 1, 1);
  const platforms = context.args.on('all-platforms') ? [] : ['host'];
  await runCopy(context, { from: `docker://${reference}`, to: `store:${reference}`, platforms });
}
