import type { Command, CommandContext } from '../command.ts';
import { directoryOf } from '../common-arguments.ts';
import { DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';

export const initCommand: Command = {
  usage: 'lamella init [OPTION…] [DIRECTORY]',
  details: [
    'Prints the Dockerfile by which `lamella build` builds a Node project that has none: from package.json (its field `lamella` included), package-lock.json, .nvmrc and lamella.lock. Nothing is written or fetched. Keep what it prints as Dockerfile to go on from there.',
  ],
  options: [
    { name: 'workspace', value: 'NAME', help: 'Workspace to build, with what it needs', support: FULL },
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [{ command: 'lamella init > Dockerfile', does: 'begin with a good Dockerfile' }],
  run,
};

async function run({ args, host, library }: CommandContext): Promise<void> {
  const context = directoryOf(args);
  const workspace = args.last('workspace');
  const { initProject } = await library();
  const { dockerfile } = await initProject({ context, ...(workspace !== undefined && { workspace }) });
  host.stdout.write(dockerfile);
}
