import { CliError, usageError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import { cacheDirOf } from '../common-arguments.ts';
import { fitColumns, printable } from '../format.ts';
import type { KeptRun, ShellTerminal } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import type { Arguments } from '../parse-arguments.ts';
import { parseSecret } from '../parse-secret.ts';
import { parseSsh } from '../parse-ssh.ts';
import { ReportedError } from '../reported-error.ts';
import { formatTable } from '../table.ts';

export const shellCommand: Command = {
  usage: 'lamella shell [OPTION…] [ID] [-- COMMAND…]',
  details: [
    'Enters the root that a failed RUN left, when the build was told to keep it (`lamella build --on-error=keep`): with the environment, user, directory, shell and mounts of the command. ID, or its first letters, is what the error named; without it, the root that was kept last.',
    'Runs COMMAND instead of a shell, and ends with its exit code. The kept root stays as it is: what is changed in it is dropped afterwards. Secrets are never kept: give them again.',
    '`lamella cache du` counts kept roots (failed) and `lamella cache prune` takes them away.',
  ],
  options: [
    { name: 'list', short: 'l', help: 'List the roots that were kept, the last one first', support: FULL },
    { name: 'json', help: 'List them as JSON', support: FULL },
    {
      name: 'secret',
      value: 'SPEC',
      repeatable: true,
      help: 'Secret for a mount of the command: id=ID,src=FILE or id=ID,env=NAME',
      support: FULL,
    },
    {
      name: 'ssh',
      value: 'SPEC',
      repeatable: true,
      help: 'Agent or keys for a mount of the command: default, or ID[=SOCKET|KEY,…]',
      support: FULL,
    },
    CACHE_DIR_OPTION,
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [
    { command: 'lamella shell', does: 'look around where the last build failed' },
    { command: 'lamella shell 3f9c -- cat /tmp/build.log', does: 'read one file of it' },
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { args, argv, host, library } = context;
  const { id, command } = wordsOf(args, argv);
  if (args.on('list') || args.on('json')) return await list(context, [id ?? '', ...command].join(' ').trim());
  const terminal = host.terminal();
  if (terminal === undefined && command.length === 0) throw noTerminal();
  const { enterKeptRun } = await library();
  const exitCode = await enterKeptRun({
    ...cacheDirOf(args),
    ...(id !== undefined && { id }),
    ...(command.length > 0 && { command }),
    ...outputTo(context, terminal),
    secrets: args.all('secret').map((text) => parseSecret(text, host.env)),
    ssh: args.all('ssh').map(parseSsh),
    signal: context.signal,
  });
  if (exitCode !== 0) throw new ReportedError(exitCode);
}

/** What stands before `--`, and after it. */
function wordsOf(
  { positionals }: Arguments,
  argv: readonly string[],
): { readonly id: string | undefined; readonly command: readonly string[] } {
  const end = argv.indexOf('--');
  const command = end < 0 ? [] : argv.slice(end + 1);
  const [id, ...more] = positionals.slice(0, positionals.length - command.length);
  if (more.length === 0) return { id, command };
  throw usageError(
    'OPTION_TOO_MANY_ARGUMENTS',
    `there is one id, but also ${more.map((word) => JSON.stringify(word)).join(', ')}`,
    'a command stands after --, as in `lamella shell -- ls /`',
  );
}

function outputTo(
  { host }: CommandContext,
  terminal: ShellTerminal | undefined,
): Pick<
  Parameters<Awaited<ReturnType<CommandContext['library']>>['enterKeptRun']>[0] & object,
  'terminal' | 'onOutput'
> {
  if (terminal !== undefined) return { terminal };
  return { onOutput: ({ stream, bytes }) => host.writeBytes(stream, bytes) };
}

async function list({ args, host, library }: CommandContext, words: string): Promise<void> {
  if (words !== '')
    throw usageError('OPTION_TOO_MANY_ARGUMENTS', '--list takes no arguments', 'write `lamella shell -l`');
  const { listKeptRuns } = await library();
  const runs = await listKeptRuns(cacheDirOf(args));
  host.stdout.write(
    args.on('json')
      ? `${JSON.stringify(runs, undefined, 2)}\n`
      : formatTable([['ID', 'KEPT', 'EXIT', 'STAGE', 'STEP'], ...runs.map(row)]),
  );
}

const TEXT_COLUMNS = 60;

function row({ id, keptMs, exitCode, stage, step }: KeptRun): string[] {
  const kept = new Date(keptMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return [
    id,
    kept,
    exitCode === undefined ? 'timeout' : String(exitCode),
    printable(stage),
    fitColumns(printable(step), TEXT_COLUMNS),
  ];
}

function noTerminal(): CliError {
  return new CliError('option', 'OPTION_NO_TERMINAL', 'a shell needs a terminal on standard input and output', {
    hint: 'run a command instead: lamella shell -- COMMAND',
  });
}
