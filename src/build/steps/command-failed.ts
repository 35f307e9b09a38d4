import { type Diagnostic, StepError } from '../../core/errors.ts';
import type { RunStep } from '../../plan/step.ts';
import type { HostFlavor } from '../../rootfs/host-messages.ts';
import { readMachine } from '../../rootfs/machine.ts';
import { subordinateIdObstacle } from '../../rootfs/obstacles.ts';

export interface FailedCommand {
  readonly exitCode: number;
  /** The last lines. */
  readonly output: readonly string[];
  readonly flavor: HostFlavor;
  /** The bound, when the kernel killed a process of the command because of it. */
  readonly memoryBytes?: number | undefined;
}

export function commandFailed({ argv }: Pick<RunStep, 'argv'>, failed: FailedCommand): StepError {
  const { exitCode, output, flavor, memoryBytes } = failed;
  const command = JSON.stringify(argv.join(' '));
  if (memoryBytes !== undefined) return outOfMemory(command, { ...failed, memoryBytes });
  const hint = [hintOf(exitCode), ...(flavor === 'single-id' ? [singleIdHint()] : [])].join('; ');
  const message = `process ${command} did not complete successfully: exit code: ${exitCode}`;
  return new StepError('STEP_EXIT_CODE', message, { exitCode, output, hint });
}

function outOfMemory(command: string, failed: FailedCommand & { readonly memoryBytes: number }): StepError {
  const { exitCode, output, memoryBytes } = failed;
  const message = `process ${command} was out of memory: the kernel killed it, or a process of it, at the limit of ${memoryBytes} bytes (exit code: ${exitCode})`;
  const hint = 'allow more with --memory, or let the command take less: fewer jobs at once, a smaller heap';
  return new StepError('STEP_OUT_OF_MEMORY', message, { exitCode, output, hint });
}

/** For bounds that could not be kept by control groups. */
export function unboundWarning(why: string): Pick<Diagnostic, 'severity' | 'code' | 'message' | 'hint'> {
  return {
    severity: 'warning',
    code: 'LIMITS_OF_PROCESSES',
    message: `RUN is not limited as a whole: ${why}; memory and processes are limited for each process and user by rlimits (root may have any number), the processor is not`,
    hint: 'start lamella where it may make groups: systemd-run --user --scope -p Delegate=yes lamella build … (as root without --user); or limit the whole build: -p MemoryMax=4G -p TasksMax=500',
  };
}

function hintOf(exitCode: number): string {
  return exitCode === 127 || exitCode === 126
    ? 'the program was not found or cannot be executed in this image: check PATH, the file and its interpreter'
    : 'the last lines of its output are above; run the build with --progress plain to see all of it';
}

/** With one id for all owners chown, setgroups and what needs them (apt, su) fail: the command cannot say why. */
function singleIdHint(): string {
  const { reason, remedies } = subordinateIdObstacle(readMachine()) ?? { reason: 'there are no subordinate ids' };
  const remedy = remedies === undefined ? 'build as root' : remedies.join(', then ');
  return `here all files belong to one id, so chown and setgroups fail (${reason}): ${remedy}`;
}
