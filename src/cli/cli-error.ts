import type { ErrorFamily } from './library.ts';

/**
 * A problem that the command line finds by itself. It has the shape of a `BuilderError`, so that one renderer and one
 * table of exit codes serve both, but needs no library: a wrong flag must not load it.
 */
export class CliError extends Error {
  readonly family: ErrorFamily;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(family: ErrorFamily, code: string, message: string, details: { hint?: string; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CliError';
    this.family = family;
    this.code = code;
    this.hint = details.hint;
  }
}

export function usageError(code: string, message: string, hint: string): CliError {
  return new CliError('option', code, message, { hint });
}
