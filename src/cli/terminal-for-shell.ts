import { CliError } from './cli-error.ts';
import type { CliHost } from './host.ts';
import type { ShellTerminal } from './library.ts';

/** @throws CliError `OPTION_NO_TERMINAL` where nobody can talk to a shell */
export function terminalForShell(host: CliHost, takesInput: boolean): ShellTerminal {
  const terminal = takesInput ? undefined : host.terminal();
  if (terminal !== undefined) return terminal;
  const why = takesInput ? 'standard input gives what is built' : 'standard input and output are no terminal';
  throw new CliError('option', 'OPTION_NO_TERMINAL', `--on-error=shell needs a terminal, and ${why}`, {
    hint: 'use --on-error=keep, and look around afterwards with `lamella shell`',
  });
}
