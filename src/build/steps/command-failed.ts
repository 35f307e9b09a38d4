import { StepError } from '../../core/errors.ts';
import type { RunStep } from '../../plan/step.ts';
import type { HostFlavor } from '../../rootfs/host-messages.ts';
import { readMachine } from '../../rootfs/machine.ts';
import { subordinateIdObstacle } from '../../rootfs/obstacles.ts';

export interface FailedCommand {
  readonly exitCode: number;
  /** The last lines. */
  readonly output: readonly string[];
  readonly flavor: HostFlavor;
}

export function commandFailed({ argv }: Pick<RunStep, 'argv'>, { exitCode, output, flavor }: FailedCommand): StepError {
  const command = JSON.stringify(argv.join(' '));
  const hint = [hintOf(exitCode), ...(flavor === 'single-id' ? [singleIdHint()] : [])].join('; ');
  const message = `process ${command} did not complete successfully: exit code: ${exitCode}`;
  return new StepError('STEP_EXIT_CODE', message, { exitCode, output, hint });
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
