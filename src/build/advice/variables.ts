import type { RunStep } from '../../plan/step.ts';
import type { MissReason } from '../explain/miss-reason.ts';
import type { ExplainedStep } from '../explain/trace-file.ts';
import type { Advice } from './advice.ts';
import { formatMegabytes, formatSeconds, MANY_BYTES, MUCH_TIME_MS } from './cost.ts';

type VariableReason = Extract<MissReason, { readonly kind: 'variable' }>;

/**
 * A command that ran again for no other reason than variables which its text does not name: ARGs in scope are in its
 * environment, as with BuildKit, whether it reads them or not.
 */
export function adviseOnVariables(
  { argv, script }: Pick<RunStep, 'argv' | 'script'>,
  { text, reasons, durationMs, writtenBytes }: Pick<ExplainedStep, 'text' | 'reasons' | 'durationMs' | 'writtenBytes'>,
): Advice[] {
  if (durationMs < MUCH_TIME_MS && writtenBytes < MANY_BYTES) return [];
  const variables = reasons.filter(isVariable);
  const command = [...argv, script?.content ?? ''].join('\n');
  if (variables.length === 0 || variables.length < reasons.length) return [];
  if (variables.some(({ name, instruction }) => instruction === undefined || isNamed(command, name))) return [];
  const names = variables.map(({ instruction, name }) => `${instruction} ${name}`).join(', ');
  const it = variables.length === 1 ? 'it' : 'them';
  const cost = `${formatSeconds(durationMs)}, ${formatMegabytes(writtenBytes)}`;
  return [
    {
      code: 'CostlyVariable',
      message: `${names} changed, and ${text}, which does not name ${it}, ran again (${cost})`,
      hint: `if the command does not read ${it}, move ${it} below this instruction`,
    },
  ];
}

function isVariable(reason: MissReason): reason is VariableReason {
  return reason.kind === 'variable';
}

/** As a whole word: `$NAME`, `${NAME:-x}`, `process.env.NAME`. */
function isNamed(command: string, name: string): boolean {
  return /^\w+$/.test(name) ? command.split(/\W+/).includes(name) : command.includes(name);
}
