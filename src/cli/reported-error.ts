/** Ends a command with an exit code when everything has been said already. */
export class ReportedError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`reported: ${exitCode}`);
    this.exitCode = exitCode;
  }
}
