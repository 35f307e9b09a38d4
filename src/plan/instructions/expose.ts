import { PlanError } from '../../core/errors.ts';
import { compareBytes } from '../../core/paths.ts';
import type { ExposeInstruction, Word } from '../../parser/instruction.ts';
import { formatList } from '../created-by.ts';
import { type InstructionContext, type MetadataOutcome, placeOf, stageExpander, warn } from '../instruction-context.ts';
import { runtimeOf, type StageState, withRuntime } from '../stage-state.ts';
import { type ExposedPorts, parseExposedPorts } from './exposed-ports.ts';

/** EXPOSE (reference, section 9): the arguments are sorted as written, then expanded and split. */
export function evaluateExpose(
  instruction: ExposeInstruction,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  const expander = stageExpander(state, context);
  const sorted = instruction.ports.toSorted((a, b) => compareBytes(a.text, b.text));
  const ports = sorted.flatMap((word) => expander.words(word).flatMap((text) => readPorts(text, word, context)));
  const ExposedPorts = { ...runtimeOf(state).ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) };
  return { state: withRuntime(state, { ExposedPorts }), createdBy: `EXPOSE ${formatList(ports)}` };
}

function readPorts(text: string, word: Word, context: InstructionContext): readonly string[] {
  const exposed = parseExposedPorts(text);
  if (exposed === undefined) {
    throw new PlanError('PLAN_BAD_PORT', `invalid port ${JSON.stringify(text)}`, {
      ...placeOf(context, word),
      hint: 'write port[-end][/tcp|udp|sctp] with ports from 0 to 65535',
    });
  }
  warnAboutSpelling(text, exposed, word, context);
  return exposed.ports;
}

function warnAboutSpelling(text: string, exposed: ExposedPorts, { span }: Word, context: InstructionContext): void {
  if (exposed.upperCaseProtocol) {
    warn(context, {
      rule: 'ExposeProtoCasing',
      message: `the protocol of ${JSON.stringify(text)} is not lower case`,
      span,
      hint: `write ${text.toLowerCase()}`,
    });
  }
  if (exposed.hostPart) {
    warn(context, {
      rule: 'ExposeInvalidFormat',
      message: `EXPOSE ${JSON.stringify(text)} names a host address or port, which is ignored`,
      span,
      hint: `write ${exposed.ports.join(' ')}`,
    });
  }
}
