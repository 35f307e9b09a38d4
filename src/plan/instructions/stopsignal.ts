import { PlanError } from '../../core/errors.ts';
import { suggest } from '../../core/suggest.ts';
import type { StopsignalInstruction } from '../../parser/instruction.ts';
import { type InstructionContext, type MetadataOutcome, placeOf, stageExpander } from '../instruction-context.ts';
import { type StageState, withRuntime } from '../stage-state.ts';

/** Signals of Linux on the common architectures, without `SIG`. */
const SIGNALS: ReadonlySet<string> = new Set([
  ...(
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN SEGV STKFLT STOP SYS ' +
    'TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'
  ).split(' '),
  ...Array.from({ length: 15 }, (_, i) => `RTMIN+${i + 1}`),
  ...Array.from({ length: 14 }, (_, i) => `RTMAX-${i + 1}`),
]);

/** STOPSIGNAL (reference, section 9): checked, and stored as written. */
export function evaluateStopsignal(
  instruction: StopsignalInstruction,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  const StopSignal = stageExpander(state, context).word(instruction.signal);
  if (!isSignal(StopSignal)) {
    const near = suggest(
      `SIG${signalName(StopSignal)}`,
      [...SIGNALS].map((name) => `SIG${name}`),
    );
    throw new PlanError('PLAN_UNKNOWN_SIGNAL', `unknown signal ${JSON.stringify(StopSignal)}`, {
      ...placeOf(context, instruction.signal),
      hint: near === undefined ? 'write a name such as SIGTERM, or a number' : `did you mean ${near}?`,
    });
  }
  return { state: withRuntime(state, { StopSignal }), createdBy: `STOPSIGNAL ${StopSignal}` };
}

function isSignal(text: string): boolean {
  return /^[+-]?\d+$/.test(text) ? Number(text) !== 0 : SIGNALS.has(signalName(text));
}

function signalName(text: string): string {
  return text.toUpperCase().replace(/^SIG/, '');
}
