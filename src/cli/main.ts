import { suggest } from '../core/suggest.ts';
import { CliError, usageError } from './cli-error.ts';
import type { Command } from './command.ts';
import { COMMANDS, type CommandEntry } from './commands/commands.ts';
import { exitCodeOf, exitCodeOfSignal } from './exit-codes.ts';
import { type CliHost, processHost } from './host.ts';
import { watchSignals } from './interrupt.ts';
import type { Library } from './library.ts';
import { packageVersion } from './package-version.ts';
import { type Arguments, parseArguments } from './parse-arguments.ts';
import { writeRecord } from './progress/json-record.ts';
import { ReportedError } from './reported-error.ts';

/** Runs the command line of this process; `bin/lamella.js` calls it. */
export async function run(): Promise<void> {
  const host = processHost();
  process.stdout.on('error', (error) => outputLost(error, host));
  process.stderr.on('error', (error) => outputLost(error));
  const exitCode = await main(process.argv.slice(2), host);
  process.exitCode ||= exitCode;
}

/** Runs one command line and gives its exit code; never throws. */
export async function main(argv: readonly string[], host: CliHost): Promise<number> {
  const [name = '--help', ...rest] = joinWords(argv);
  const show = (text: string): number => {
    host.stdout.write(text);
    return 0;
  };
  if (name === '--version' || name === '-v' || name === 'version') return show(`${packageVersion()}\n`);
  if (name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    const { overview } = await import('./help.ts');
    return show(overview(COMMANDS, packageVersion()));
  }
  try {
    const [wanted = '', next] = name === 'help' ? rest : [name, ...rest];
    const group = COMMANDS.filter((entry) => entry.name.startsWith(`${wanted} `));
    if (group.length > 0 && (name === 'help' || next === '--help' || next === '-h')) {
      const { groupHelp } = await import('./help.ts');
      return show(groupHelp(wanted, group));
    }
    const command = await findCommand(wanted, next).load();
    const args = parseArguments(name === 'help' ? ['--help'] : rest, command.options);
    if (args.on('help')) return show((await import('./help.ts')).commandHelp(command));
    return await runCommand(command, args, { argv: rest, host });
  } catch (error) {
    return await report(error, { host });
  }
}

/** A command of two words as one. */
function joinWords(argv: readonly string[]): readonly string[] {
  const at = argv[0] === 'help' ? 1 : 0;
  const name = argv.slice(at, at + 2).join(' ');
  const isName = COMMANDS.some((entry) => entry.name === name);
  return isName ? [...argv.slice(0, at), name, ...argv.slice(at + 2)] : argv;
}

async function runCommand(
  command: Command,
  args: Arguments,
  { argv, host }: { readonly argv: readonly string[]; readonly host: CliHost },
): Promise<number> {
  let loaded: Library | undefined;
  const library = async (): Promise<Library> => {
    loaded ??= await host.loadLibrary();
    return loaded;
  };
  const interrupt = watchSignals(host);
  try {
    notify(args, host, command);
    await command.run({ args, argv, host, library, signal: interrupt.signal });
    return 0;
  } catch (error) {
    if (interrupt.received !== undefined) {
      host.stderr.write(`stopped by ${interrupt.received}\n`);
      return exitCodeOfSignal(interrupt.received);
    }
    return await report(error, { host, library: loaded, json: wantsJson(args, command), debug: args.on('debug') });
  } finally {
    interrupt.stop();
  }
}

interface ReportOptions {
  readonly host: CliHost;
  readonly library?: Library | undefined;
  readonly json?: boolean;
  readonly debug?: boolean;
}

async function report(error: unknown, { host, library, json = false, debug = false }: ReportOptions): Promise<number> {
  if (error instanceof ReportedError) return error.exitCode;
  const { errorRecord, exitCodeOfError, renderError } = await import('./render-error.ts');
  const { createPaint } = await import('./paint.ts');
  const paint = createPaint(host.stderr, host.env);
  const isBuilderError = library?.isBuilderError;
  if (json) writeRecord(host.stderr, errorRecord(error, { isBuilderError }));
  else host.stderr.write(renderError(error, { paint, debug, isBuilderError }));
  return exitCodeOfError(error, { isBuilderError });
}

/** Options without effect are said, once, whatever the progress. */
function notify(args: Arguments, host: CliHost, command: Command): void {
  for (const message of args.notices) {
    if (wantsJson(args, command)) writeRecord(host.stderr, { type: 'notice', message });
    else host.stderr.write(`note: ${message}\n`);
  }
}

function wantsJson(args: Arguments, command: Command): boolean {
  return command.options.some((row) => row.name === 'progress') && args.last('progress') === 'json';
}

function findCommand(name: string, next?: string): CommandEntry {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const verbs = COMMANDS.flatMap((entry) => (entry.name.startsWith(`${name} `) ? [entry.name] : []));
  if (verbs.length > 0) {
    const message =
      next === undefined || next.startsWith('-') ? `${name} needs another word` : `unknown command "${name} ${next}"`;
    throw usageError('OPTION_UNKNOWN_COMMAND', message, `write \`lamella ${verbs.join('`, `lamella ')}\``);
  }
  const kind = name.startsWith('-') ? 'option' : 'command';
  const meant = suggest(
    name,
    kind === 'command' ? COMMANDS.map((candidate) => candidate.name) : ['--help', '--version'],
  );
  const hint = meant === undefined ? '`lamella --help` lists the commands' : `did you mean "${meant}"?`;
  throw usageError('OPTION_UNKNOWN_COMMAND', `unknown ${kind} ${JSON.stringify(name)}`, hint);
}

/** `lamella images | head` closes the pipe early, which is no failure; a full disk below `> FILE` is one. */
function outputLost(cause: NodeJS.ErrnoException, tellTo?: CliHost): void {
  if (cause.code === 'EPIPE') return;
  const isTold = process.exitCode === exitCodeOf('host');
  process.exitCode = exitCodeOf('host');
  if (tellTo === undefined || isTold) return;
  const code = cause.code === 'ENOSPC' ? 'HOST_DISK_FULL' : 'HOST_WRITE_FAILED';
  const hint = 'free some space, or send the output elsewhere';
  void report(new CliError('host', code, 'cannot write to standard output', { cause, hint }), { host: tellTo });
}
