import { StepError } from '../../core/errors.ts';
import type { ShellTerminal } from '../../core/terminal.ts';
import type { RunRequest } from '../../rootfs/host-messages.ts';
import type { ActiveSnapshot } from '../../rootfs/sandbox-host.ts';

/** Where a shell is to run. */
export interface ShellPlace {
  readonly snapshot: ActiveSnapshot;
  /** Programs to choose from, the wanted one first. */
  readonly shells: readonly string[];
  /** Of the command that failed; its own words are not used. */
  readonly request: Omit<RunRequest, 'argv' | 'terminal'>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a shell in a terminal until whoever sits there leaves it; gives its exit code.
 * @throws StepError `STEP_NO_SHELL`, `STEP_NO_TERMINAL`; what runs of commands throw
 */
export async function runShell(terminal: ShellTerminal, place: ShellPlace): Promise<number> {
  const { snapshot, shells, request } = place;
  const shell = await snapshot.findExecutable(shells, request.env);
  if (shell === undefined) throw noShell(shells);
  return await runInTerminal([shell], terminal, place);
}

/** Runs a command in a terminal; gives its exit code. */
export async function runInTerminal(
  argv: readonly string[],
  terminal: ShellTerminal,
  { snapshot, request, signal }: ShellPlace,
): Promise<number> {
  const env = withTerm(request.env, terminal);
  const { exitCode } = await snapshot.runInTerminal({ ...request, argv, env }, terminal, signal);
  return exitCode;
}

function withTerm(env: readonly string[], { type = 'xterm' }: ShellTerminal): readonly string[] {
  return env.some((variable) => variable.startsWith('TERM=')) ? env : [...env, `TERM=${type}`];
}

function noShell(shells: readonly string[]): StepError {
  const names = [...new Set(shells)];
  return new StepError(
    'STEP_NO_SHELL',
    `the root of the failed step has no shell: there is no ${names.join(' and no ')}`,
    {
      hint: 'keep it with --on-error=keep, and run a program that it has: lamella shell -- PROGRAM',
    },
  );
}
