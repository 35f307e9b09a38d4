import { relative } from 'node:path';
import { DOCKERFILE_OPTIONS } from '../build-option-table.ts';
import { toInspectOptions } from '../build-request.ts';
import { usageError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { CliHost } from '../host.ts';
import type { CheckOptions, CheckReport, ErrorFamily, Finding, Library } from '../library.ts';
import { DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { packageVersion } from '../package-version.ts';
import { createPaint, type Paint } from '../paint.ts';
import { renderDiagnostic } from '../render-error.ts';
import { ReportedError } from '../reported-error.ts';
import { withStandardInput } from '../with-standard-input.ts';

export const checkCommand: Command = {
  usage: 'lamella check [OPTION…] [CONTEXT]',
  details: [
    'Finds all mistakes in a Dockerfile, the rules that it breaks, and what it copies that is not in CONTEXT (default: this directory); nothing is built, and no registry is asked. The rules, and how a Dockerfile makes exceptions, are described in docs/checks.',
    'The exit code is 0 when there are only warnings. It is 3 for mistakes in the text and for broken rules that are errors (by --error, by `# check=error=true`, or CopySourceNotFound), and 4 for what the planner refuses.',
  ],
  options: [
    { name: 'fix', help: 'Mend in the file what can be mended without changing what it builds', support: FULL },
    { name: 'error', help: 'Make every broken rule an error', support: FULL },
    {
      name: 'format',
      value: 'FORMAT',
      choices: ['human', 'json', 'sarif'],
      help: 'Form of the report on stdout',
      fallback: 'human',
      support: FULL,
    },
    { name: 'json', help: 'Short for --format json', support: FULL },
    ...DOCKERFILE_OPTIONS,
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [
    { command: 'lamella check .', does: 'look at the Dockerfile of this directory' },
    { command: 'lamella check --fix .', does: 'mend what can be mended' },
    {
      command: 'lamella check --error --format sarif . > lamella.sarif',
      does: 'fail on any broken rule, for a CI system',
    },
  ],
  run: (context) => runCheck(context, checkStyle(context)),
};

interface CheckStyle {
  readonly fix: boolean;
  readonly error: boolean;
  readonly format: string;
}

function checkStyle({ args }: CommandContext): CheckStyle {
  const format = args.on('json') ? 'json' : (args.last('format') ?? 'human');
  if (args.on('fix') && args.last('file') === '-') {
    throw usageError('OPTION_CONFLICT', 'standard input cannot be mended', 'give --fix a file, or leave it out');
  }
  return { fix: args.on('fix'), error: args.on('error'), format };
}

/** Also what `lamella build --check` does. */
export async function runCheck(
  { args, host, library }: CommandContext,
  style: CheckStyle = { fix: false, error: false, format: 'human' },
): Promise<void> {
  const given = await withStandardInput(toInspectOptions(args, host.env), args.last('file'), host);
  const loaded = await library();
  const { report, fixed } = inspect(loaded, { ...given, error: style.error }, style);
  host.stdout.write(render({ report, fixed }, { format: style.format, host, library: loaded }));
  const family = familyOf(report);
  if (family !== undefined) throw new ReportedError(exitCodeOf(family));
}

interface Outcome {
  readonly report: CheckReport;
  readonly fixed: readonly Finding[];
}

function inspect(library: Library, options: CheckOptions, style: CheckStyle): Outcome {
  return style.fix ? library.fix(options) : { report: library.check(options), fixed: [] };
}

interface RenderRequest {
  readonly format: string;
  readonly host: CliHost;
  readonly library: Library;
}

function render(outcome: Outcome, { format, host, library }: RenderRequest): string {
  const { report } = outcome;
  if (format === 'json') return `${JSON.stringify(library.toCheckJson(report), undefined, 2)}\n`;
  if (format === 'sarif') {
    const path = report.path === undefined ? {} : { path: relative('', report.path) };
    return `${JSON.stringify(library.toSarif(report, { version: packageVersion(), ...path }), undefined, 2)}\n`;
  }
  const paint = createPaint({ isTTY: host.stdout.isTTY === true }, host.env);
  return renderReport(outcome, library.lintViolation(report)?.message, paint);
}

function renderReport({ report, fixed }: Outcome, violation: string | undefined, paint: Paint): string {
  const { findings, source } = report;
  const blocks = findings.map((finding) => `${renderDiagnostic(finding, source, paint).join('\n')}\n\n`);
  const mended = fixed.map(({ code, message }) => `${paint.green('fixed:')} ${message} (${code})\n`);
  return [...mended, ...blocks, ...(violation === undefined ? [] : [`${violation}\n`]), `${summary(report)}\n`].join(
    '',
  );
}

function summary({ findings, source }: CheckReport): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const fixable = findings.filter(({ fix }) => fix !== undefined).length;
  const counts = [count(errors, 'error'), count(findings.length - errors, 'warning')].filter((text) => text !== '');
  if (counts.length === 0) return `${source.name}: nothing found`;
  return `${source.name}: ${counts.join(', ')}${fixable === 0 ? '' : `; --fix mends ${fixable}`}`;
}

function count(number: number, what: string): string {
  return number === 0 ? '' : `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** Of the first error: those of the planner have codes of their own, broken rules count as mistakes in the text. */
function familyOf({ findings }: CheckReport): ErrorFamily | undefined {
  const first = findings.find(({ severity }) => severity === 'error');
  if (first === undefined) return undefined;
  return first.code.startsWith('PLAN_') ? 'plan' : 'parse';
}
