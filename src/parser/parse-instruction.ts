import type { Diagnostic } from '../core/errors.ts';
import type { Instruction } from './instruction.ts';
import { indexLines, type LineIndex, spanAt } from './line-index.ts';
import type { EscapeChar } from './logical-line.ts';
import { readInstructions } from './read-instructions.ts';

export interface ParsedInstruction {
  /** Absent when there is an error among the diagnostics. */
  readonly instruction?: Instruction;
  /** Positions are in the text of the trigger. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads an ONBUILD trigger as an image configuration holds it: one instruction (reference, section 9). */
export function parseInstruction(text: string, options: { readonly escape?: EscapeChar } = {}): ParsedInstruction {
  const lines = indexLines(text);
  const { instructions, statements, diagnostics } = readInstructions(lines, options.escape ?? '\\', 0);
  const all = statements.length === 1 ? [...diagnostics, ...forbidden(lines, instructions)] : [notOne(lines)];
  const [instruction] = instructions;
  const failed = instruction === undefined || all.some(({ severity }) => severity === 'error');
  return failed ? { diagnostics: all } : { instruction, diagnostics: all };
}

function notOne(lines: LineIndex): Diagnostic {
  return problem(lines, 'PARSE_TRIGGER_NOT_ONE', 'an ONBUILD trigger has to be exactly one instruction');
}

function forbidden(lines: LineIndex, instructions: readonly Instruction[]): readonly Diagnostic[] {
  const kind = instructions[0]?.kind;
  if (kind !== 'FROM' && kind !== 'MAINTAINER' && kind !== 'ONBUILD') return [];
  return [problem(lines, 'PARSE_FORBIDDEN_TRIGGER', `${kind} is not allowed as an ONBUILD trigger`)];
}

function problem(lines: LineIndex, code: string, message: string): Diagnostic {
  const hint = 'mend the image that brings this trigger, or use another';
  return { severity: 'error', code, message, hint, span: spanAt(lines, 0, lines.text.length) };
}
