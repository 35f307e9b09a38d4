import { PlanError } from '../core/errors.ts';
import type { SourceText } from '../core/span.ts';
import { parseInstruction } from '../parser/index.ts';
import type { Instruction } from '../parser/instruction.ts';

/** An instruction with the text that its spans point into. */
export interface LocatedInstruction {
  readonly instruction: Instruction;
  readonly source: SourceText;
}

/** Reads the OnBuild lines of a base, which run as if written right after FROM (reference, section 9). */
export function parseTriggers(texts: readonly string[]): readonly LocatedInstruction[] {
  return texts.map((text) => {
    const source: SourceText = { name: 'ONBUILD trigger of the base', text };
    return { instruction: parseTrigger(source), source };
  });
}

function parseTrigger(source: SourceText): Instruction {
  const { instruction, diagnostics } = parseInstruction(source.text);
  if (instruction !== undefined) return instruction;
  const problem = diagnostics.find(({ severity }) => severity === 'error');
  throw new PlanError('PLAN_BAD_TRIGGER', `the base has a bad ONBUILD trigger: ${problem?.message ?? 'unreadable'}`, {
    hint: problem?.hint,
    span: problem?.span,
    source,
  });
}
