import { inspect } from 'node:util';
import { CliError } from './cli-error.ts';
import { excerpt } from './excerpt.ts';
import { exitCodeOf } from './exit-codes.ts';
import { printable, printableLines } from './format.ts';
import type { BuilderError, Diagnostic, ErrorFamily, SourceSpan, SourceText } from './library.ts';
import type { Paint } from './paint.ts';

/** What can be shown of an error of any family; the fields of single families are there or not. */
interface Problem {
  readonly family: ErrorFamily;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly span?: SourceSpan | undefined;
  readonly source?: SourceText | undefined;
  readonly cause?: unknown;
  readonly exitCode?: number | undefined;
  readonly output?: readonly string[];
  readonly diagnostics?: readonly Diagnostic[];
  readonly expected?: string | number | undefined;
  readonly found?: string | number | undefined;
}

export interface ErrorStyle {
  readonly paint: Paint;
  /** Shows stack traces and all causes. */
  readonly debug: boolean;
  /** From the library, when it is loaded: no error of its own can have come before. */
  readonly isBuilderError?: ((value: unknown) => value is BuilderError) | undefined;
}

const MOST_CAUSES = 3;

/** The error as people read it, with a line break at its end. */
export function renderError(error: unknown, style: ErrorStyle): string {
  const problem = problemOf(error, style);
  const lines = problem === undefined ? unexpected(error, style) : known(problem, style);
  if (style.debug) lines.push('', ...inspect(error).split('\n'));
  return `${lines.join('\n')}\n`;
}

/** The error as one object for `--progress=json`. */
export function errorRecord(error: unknown, style: Pick<ErrorStyle, 'isBuilderError'>): Record<string, unknown> {
  const problem = problemOf(error, style);
  if (problem === undefined) return { type: 'error', family: 'unexpected', message: messageOf(error) };
  const { family, code, message, hint, span, source, exitCode, output, diagnostics } = problem;
  return { type: 'error', family, code, message, hint, file: source?.name, span, exitCode, output, diagnostics };
}

export function exitCodeOfError(error: unknown, style: Pick<ErrorStyle, 'isBuilderError'>): number {
  const problem = problemOf(error, style);
  return problem === undefined ? 1 : exitCodeOf(problem.family);
}

function problemOf(error: unknown, style: Pick<ErrorStyle, 'isBuilderError'>): Problem | undefined {
  return error instanceof CliError || style.isBuilderError?.(error) ? error : undefined;
}

function known(problem: Problem, style: ErrorStyle): string[] {
  const { diagnostics, source } = problem;
  if (diagnostics !== undefined && diagnostics.length > 1 && source !== undefined) {
    const blocks = diagnostics.flatMap((diagnostic) => [...renderDiagnostic(diagnostic, source, style.paint), '']);
    return [...blocks, style.paint.dim(`${diagnostics.length} problems in ${printable(source.name)}`)];
  }
  return [
    ...headline(problem, style.paint),
    ...outputOf(problem, style.paint),
    ...comparison(problem),
    ...causesOf(problem).map((cause) => `${style.paint.bold('cause:')} ${cause}`),
    ...hintOf(problem, style.paint),
    style.paint.dim(footerOf(problem)),
  ];
}

/** `Dockerfile:7:6 message — hint`, and the lines around it. */
export function renderDiagnostic(
  diagnostic: Pick<Diagnostic, 'severity' | 'code' | 'message' | 'hint' | 'span'>,
  source: SourceText,
  paint: Paint,
): string[] {
  const { severity, code, message, hint, span } = diagnostic;
  const prefix = severity === 'warning' ? `${paint.yellow('warning:')} ` : '';
  return [
    `${place(source, span, paint)} ${prefix}${printableLines(withHint(message, hint))}`,
    '',
    ...excerpt(source, span, paint),
    '',
    paint.dim(code),
  ];
}

function headline(problem: Problem, paint: Paint): string[] {
  const { span, source, message } = problem;
  if (span === undefined || source === undefined) return [`${paint.red('error:')} ${printableLines(message)}`];
  const text = printableLines(hasInlineHint(problem) ? withHint(message, problem.hint) : message);
  return [`${place(source, span, paint)} ${paint.red(text)}`, '', ...excerpt(source, span, paint), ''];
}

/** Mistakes in the text carry their correction in the first line; for the rest the way out stands last. */
function hasInlineHint({ family, span, source }: Problem): boolean {
  return (family === 'parse' || family === 'plan') && span !== undefined && source !== undefined;
}

function hintOf(problem: Problem, paint: Paint): string[] {
  return problem.hint === undefined || hasInlineHint(problem)
    ? []
    : [`${paint.bold('hint:')} ${printableLines(problem.hint)}`];
}

function outputOf({ output }: Problem, paint: Paint): string[] {
  if (output === undefined || output.length === 0) return [];
  const lines = output.map((line) => `${paint.dim('  |')} ${printable(line)}`.trimEnd());
  return [paint.bold('last lines of its output:'), ...lines, ''];
}

function comparison({ expected, found }: Problem): string[] {
  return expected === undefined && found === undefined
    ? []
    : [`expected: ${expected}`, `found:    ${found}`].map(printable);
}

function footerOf({ code, exitCode }: Problem): string {
  return exitCode === undefined ? code : `${code}, exit code: ${exitCode}`;
}

function causesOf(problem: Problem): string[] {
  const causes: string[] = [];
  for (let cause = problem.cause; cause !== undefined && causes.length < MOST_CAUSES; cause = nextCause(cause)) {
    const text = messageOf(cause);
    if (text !== '' && !problem.message.includes(text)) causes.push(text);
  }
  return causes;
}

/** An `AggregateError` (all addresses of a host refused, say) speaks through its first part. */
function nextCause(cause: unknown): unknown {
  if (cause instanceof AggregateError && cause.errors.length > 0) return cause.errors[0];
  return cause instanceof Error ? cause.cause : undefined;
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || codeOf(error) : String(error);
  return printable(text.split('\n')[0] ?? '');
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function unexpected(error: unknown, { paint, debug }: ErrorStyle): string[] {
  const hint = debug ? 'please report this with the text below' : 'run it again with --debug and report what it says';
  return [
    `${paint.red('unexpected error:')} ${messageOf(error)}`,
    `${paint.bold('hint:')} this is a bug in lamella; ${hint}`,
  ];
}

function place(source: SourceText, { start }: SourceSpan, paint: Paint): string {
  return paint.bold(printable(`${source.name}:${start.line}:${start.column}`));
}

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message} — ${hint}`;
}
