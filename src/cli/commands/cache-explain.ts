import { CliError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import { cacheDirOf, directoryOf } from '../common-arguments.ts';
import { formatDuration, printable } from '../format.ts';
import type { BuildExplanation } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { stepTitle } from '../progress/progress.ts';

export const cacheExplainCommand: Command = {
  usage: 'lamella cache explain [-f FILE] [--json] [CONTEXT]',
  details: [
    'Says of each step of the last build whether it came from the cache, and if not, what was different from the build before: files, variables, the base image, the command.',
    'Without CONTEXT it is the build of this directory; where that was never built, the last one that used the cache.',
  ],
  options: [
    { name: 'file', short: 'f', value: 'FILE', help: 'Of several Dockerfiles this one', support: FULL },
    { name: 'json', help: 'Print JSON', support: FULL },
    CACHE_DIR_OPTION,
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [{ command: 'lamella cache explain', does: 'why the build took so long' }],
  run,
};

async function run({ args, host, library }: CommandContext): Promise<void> {
  const dockerfile = args.last('file');
  const context = args.positionals.length === 0 ? undefined : directoryOf(args);
  const { explainLastBuild } = await library();
  const explanation = await explainLastBuild({
    ...cacheDirOf(args),
    ...(context !== undefined && { context }),
    ...(dockerfile !== undefined && { dockerfile }),
  });
  if (explanation === undefined) throw neverBuilt([context, dockerfile].filter((name) => name !== undefined));
  host.stdout.write(args.on('json') ? `${JSON.stringify(explanation, undefined, 2)}\n` : describe(explanation));
}

function neverBuilt(names: readonly string[]): CliError {
  const where = names.length === 0 ? 'in this cache folder' : `of ${names.join(' with ')}`;
  return new CliError('context', 'CONTEXT_NEVER_BUILT', `no build ${where} is known`, {
    hint: 'build it first, or name the cache folder of its builds with --cache-dir',
  });
}

function describe(explanation: BuildExplanation): string {
  const { context, dockerfile, startedMs, durationMs, digest, unchangedMs, steps } = explanation;
  const end = digest ?? 'it failed';
  const head = `${context}, ${dockerfile}: built ${formatTime(startedMs)} in ${formatDuration(durationMs)}, ${end}`;
  const since = unchangedMs === undefined ? [] : [`asked for again ${formatTime(unchangedMs)}: nothing had changed`];
  return [head, ...since, ...steps.flatMap(stepLines), ''].map(printable).join('\n');
}

function stepLines(step: BuildExplanation['steps'][number]): string[] {
  const outcome = OUTCOMES[step.outcome];
  const time = step.outcome === 'cached' ? '' : ` ${formatDuration(step.durationMs)}`;
  return [`${stepTitle(step)}: ${outcome}${time}`, ...(step.why === '' ? [] : [`    ${step.why}`])];
}

const OUTCOMES = { cached: 'CACHED', executed: 'carried out in', failed: 'FAILED after' } as const;

/** To the second, with the offset of the machine's clock left to the reader: UTC. */
function formatTime(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
