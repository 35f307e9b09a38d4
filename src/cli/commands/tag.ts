import type { Command, CommandContext } from '../command.ts';
import { COPY_OPTIONS, PLATFORM_OPTION, runCopy, wordsOf } from '../run-copy.ts';

export const tagCommand: Command = {
  usage: 'lamella tag [OPTION…] FROM TO',
  details: [
    'Gives an image one more name in the local store. With docker:// before both, the name is given in the registry.',
  ],
  options: [PLATFORM_OPTION, ...COPY_OPTIONS],
  examples: [
    { command: 'lamella tag app:1 app:latest', does: 'one more name' },
    { command: 'lamella tag docker://r.example.com/app:1 docker://r.example.com/app:stable', does: 'in a registry' },
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const [from = '', to = ''] = wordsOf(context.args, 'lamella tag FROM TO', 2, 2);
  await runCopy(context, { from: inStore(from), to: inStore(to) });
}

function inStore(word: string): string {
  return word.startsWith('docker://') ? word : `store:${word}`;
}
