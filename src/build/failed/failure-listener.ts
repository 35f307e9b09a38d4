import type { StepError } from '../../core/errors.ts';
import type { ShellTerminal } from '../../core/terminal.ts';
import type { StepInfo } from '../events.ts';

/** A command of RUN that failed, while its root is still as it left it. */
export interface FailedRun {
  readonly step: StepInfo;
  /** What the build ends with. */
  readonly error: StepError;
  /**
   * Runs a shell in that root, with the environment, user, directory and mounts of the command, until whoever sits at the
   * terminal leaves it; gives its exit code. What is changed there ends with the build.
   * @throws StepError `STEP_NO_SHELL`, `STEP_NO_TERMINAL`
   */
  openShell(terminal: ShellTerminal): Promise<number>;
}

/** Is waited for before the build ends. What it throws, the build throws. */
export type FailureListener = (failed: FailedRun) => Promise<void>;
