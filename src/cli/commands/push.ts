import type { Command, CommandContext } from '../command.ts';
import { COPY_OPTIONS, PLACES, PLATFORM_OPTION, runCopy, wordsOf } from '../run-copy.ts';

export const pushCommand: Command = {
  usage: 'lamella push [OPTION…] NAME [PLACE]',
  details: ['Pushes an image of the local store to the registry that its name says, or to another place.', PLACES],
  options: [PLATFORM_OPTION, ...COPY_OPTIONS],
  examples: [
    { command: 'lamella push registry.example.com/app:1', does: 'push what was built under this name' },
    { command: 'lamella push app docker-daemon:app', does: 'load it into docker' },
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const [name = '', to = name] = wordsOf(context.args, 'lamella push NAME [PLACE]', 1, 2);
  await runCopy(context, { from: `store:${name}`, to });
}
