import { DOCKERFILE_OPTIONS } from '../build-option-table.ts';
import { toInspectOptions } from '../build-request.ts';
import type { Command, CommandContext } from '../command.ts';
import { printableLines } from '../format.ts';
import { DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { withStandardInput } from '../with-standard-input.ts';

export const graphCommand: Command = {
  usage: 'lamella graph [OPTION…] [CONTEXT]',
  details: [
    'Shows the stages of the Dockerfile of CONTEXT (default: this directory), what each is built on and copies from, and which of them the target needs. Nothing is built, and no registry is asked.',
  ],
  options: [
    {
      name: 'format',
      value: 'FORMAT',
      choices: ['text', 'dot', 'json'],
      help: 'Form of the graph on stdout',
      fallback: 'text',
      support: FULL,
    },
    ...DOCKERFILE_OPTIONS,
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [{ command: 'lamella graph --format dot . | dot -Tsvg > stages.svg', does: 'draw it' }],
  run,
};

async function run({ args, host, library }: CommandContext): Promise<void> {
  const options = await withStandardInput(toInspectOptions(args, host.env), args.last('file'), host);
  const { plan, formatGraph, formatGraphDot, toGraphJson } = await library();
  const graph = plan(options);
  switch (args.last('format')) {
    case 'dot':
      return void host.stdout.write(formatGraphDot(graph));
    case 'json':
      return void host.stdout.write(`${JSON.stringify(toGraphJson(graph), undefined, 2)}\n`);
    default:
      host.stdout.write(printableLines(formatGraph(graph)));
  }
}
