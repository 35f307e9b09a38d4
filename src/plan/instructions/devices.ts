import { PlanError } from '../../core/errors.ts';
import { parseCsvLine } from '../../parser/csv.ts';
import type { RunInstruction } from '../../parser/instruction.ts';
import { type InstructionContext, placeOf } from '../instruction-context.ts';

/** `--device` (reference, section 10): lamella passes no devices on, so one that is required cannot be given. */
export function refuseDevices({ devices }: RunInstruction, context: InstructionContext): void {
  const device = devices.find(({ text }) => isRequired(text));
  if (device === undefined) return;
  throw new PlanError('PLAN_NO_DEVICE', `the device ${JSON.stringify(device.text)} cannot be given to RUN`, {
    ...placeOf(context, device),
    hint: 'leave "required" out to run without the device',
  });
}

function isRequired(device: string): boolean {
  const fields = parseCsvLine(device) ?? [];
  return fields.some((field) => /^required(?:=(?:1|t|true))?$/i.test(field));
}
