import { basename } from 'node:path';
import { CliError, usageError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { CliHost } from '../host.ts';
import { DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { createPaint } from '../paint.ts';
import { renderDiagnostic } from '../render-error.ts';
import { ReportedError } from '../reported-error.ts';

export const parseCommand: Command = {
  usage: 'lamella parse [--json] FILE',
  details: [
    'Prints one instruction a line, as (keyword "argument" …), or everything as JSON. All mistakes are reported on stderr; with one, stdout has what could be read all the same, and the exit code is 3. FILE may be - for standard input.',
  ],
  options: [{ name: 'json', help: 'Print JSON', support: FULL }, DEBUG_OPTION, HELP_OPTION],
  examples: [
    { command: 'lamella parse --json Dockerfile', does: 'instructions with flags, arguments, heredocs and lines' },
  ],
  run,
};

async function run({ args, host, library }: CommandContext): Promise<void> {
  const [path, ...more] = args.positionals;
  if (path === undefined || more.length > 0) {
    throw usageError('OPTION_ONE_FILE', 'parse reads one Dockerfile', 'write `lamella parse Dockerfile`');
  }
  const text = await readDockerfile(path, host);
  const { parse, toParseJson, toDump } = await library();
  const file = parse(text, { name: path === '-' ? 'Dockerfile' : basename(path) });
  const paint = createPaint(host.stderr, host.env);
  for (const diagnostic of file.diagnostics) {
    host.stderr.write(`${renderDiagnostic(diagnostic, file.source, paint).join('\n')}\n\n`);
  }
  const dump = args.on('json') ? JSON.stringify(toParseJson(file), undefined, 2) : toDump(file);
  host.stdout.write(dump.endsWith('\n') ? dump : `${dump}\n`);
  if (file.diagnostics.some(({ severity }) => severity === 'error')) throw new ReportedError(exitCodeOf('parse'));
}

async function readDockerfile(path: string, host: CliHost): Promise<string> {
  try {
    return path === '-' ? await host.readStdin() : await host.readFile(path);
  } catch (cause) {
    const isDenied = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
    const hint = isDenied ? 'give yourself the right to read it' : 'give the path of a Dockerfile';
    throw new CliError('context', 'CONTEXT_DOCKERFILE_UNREADABLE', `cannot read ${path}`, {
      cause,
      hint: `${hint}, or - for standard input`,
    });
  }
}
