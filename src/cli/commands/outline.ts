import { DOCKERFILE_OPTIONS } from '../build-option-table.ts';
import { toInspectOptions } from '../build-request.ts';
import type { Command, CommandContext } from '../command.ts';
import { printableLines } from '../format.ts';
import { DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { withStandardInput } from '../with-standard-input.ts';

export const outlineCommand: Command = {
  usage: 'lamella outline [OPTION…] [CONTEXT]',
  details: [
    'Lists what the Dockerfile of CONTEXT (default: this directory) offers to those who build it: stages and targets, arguments with their defaults and values, secrets, SSH sockets and mounts. A comment `# NAME text` above an ARG or FROM describes it. Nothing is built, and no registry is asked.',
  ],
  options: [{ name: 'json', help: 'Print JSON', support: FULL }, ...DOCKERFILE_OPTIONS, DEBUG_OPTION, HELP_OPTION],
  examples: [{ command: 'lamella outline --json --target test .', does: 'for programs, with a stage as the target' }],
  run: (context) => runOutline(context, context.args.on('json')),
};

/** Also what `lamella build --call outline` does. */
export async function runOutline({ args, host, library }: CommandContext, json: boolean): Promise<void> {
  const options = await withStandardInput(toInspectOptions(args, host.env), args.last('file'), host);
  const { outline, formatOutline } = await library();
  const found = outline(options);
  host.stdout.write(json ? `${JSON.stringify(found, undefined, 2)}\n` : printableLines(formatOutline(found)));
}
