import type { ErrorFamily } from './library.ts';

/** Ends a command with the exit code of a family when everything has been said already. */
export class ReportedError extends Error {
  readonly family: ErrorFamily;

  constructor(family: ErrorFamily) {
    super(`reported: ${family}`);
    this.family = family;
  }
}
