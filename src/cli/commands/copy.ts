import type { Command, CommandContext } from '../command.ts';
import { COPY_OPTIONS, PLACES, PLATFORM_OPTION, runCopy, wordsOf } from '../run-copy.ts';

export const copyCommand: Command = {
  usage: 'lamella copy [OPTION…] FROM TO',
  details: [
    'Copies an image, or an index of several, from one place to another: only what is missing there moves, and everything is verified.',
    PLACES,
  ],
  options: [PLATFORM_OPTION, ...COPY_OPTIONS],
  examples: [
    { command: 'lamella copy registry.example.com/app:1 oci:image:1', does: 'write an OCI layout' },
    { command: 'lamella copy a.example.com/app:1 b.example.com/app:1', does: 'copy between registries' },
    { command: 'lamella copy docker-daemon:app:1 podman:app:1', does: 'hand an image from one engine to another' },
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const [from = '', to = ''] = wordsOf(context.args, 'lamella copy FROM TO', 2, 2);
  await runCopy(context, { from, to });
}
