import type { HealthcheckConfig } from '../../core/image.ts';
import type { HealthcheckInstruction } from '../../parser/instruction.ts';
import { formatHealthcheck } from '../created-by.ts';
import type { MetadataOutcome } from '../instruction-context.ts';
import { type StageState, withRuntime } from '../stage-state.ts';

/** HEALTHCHECK (reference, section 9): replaces an earlier one whole; zeros are left out and mean "inherit". */
export function evaluateHealthcheck(instruction: HealthcheckInstruction, state: StageState): MetadataOutcome {
  const Healthcheck: HealthcheckConfig = {
    Test: healthcheckTest(instruction.test),
    ...(instruction.interval && { Interval: instruction.interval }),
    ...(instruction.timeout && { Timeout: instruction.timeout }),
    ...(instruction.startPeriod && { StartPeriod: instruction.startPeriod }),
    ...(instruction.startInterval && { StartInterval: instruction.startInterval }),
    ...(instruction.retries && { Retries: instruction.retries }),
  };
  return { state: withRuntime(state, { Healthcheck }), createdBy: `HEALTHCHECK ${formatHealthcheck(Healthcheck)}` };
}

function healthcheckTest(test: HealthcheckInstruction['test']): readonly string[] {
  if (test.kind === 'none') return ['NONE'];
  return test.command.form === 'exec' ? ['CMD', ...test.command.argv] : ['CMD-SHELL', test.command.text];
}
