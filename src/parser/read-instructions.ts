import type { Diagnostic } from '../core/errors.ts';
import type { InstructionCstNode } from './cst.ts';
import type { Dockerfile, Piece } from './dockerfile.ts';
import type { Instruction } from './instruction.ts';
import { layOut, type Site } from './layout.ts';
import type { LineIndex } from './line-index.ts';
import type { EscapeChar } from './logical-line.ts';
import type { Statement } from './statement.ts';
import { statementProblems } from './statement-problems.ts';
import { parseTokens, tokenize } from './toolchain.ts';
import { visitInstruction } from './visitor.ts';

export interface InstructionList extends Pick<Dockerfile, 'instructions' | 'pieces' | 'diagnostics'> {
  /** Also of instructions that make no sense. */
  readonly statements: readonly Statement[];
}

/** Reads what stands behind the directives; their lines end at `directivesEnd`. */
export function readInstructions(lines: LineIndex, escapeChar: EscapeChar, directivesEnd: number): InstructionList {
  const tokens = tokenize(lines.text, escapeChar);
  const nodes = (parseTokens(tokens).children.instruction ?? []).values();
  const instructions: Instruction[] = [];
  const diagnostics: Diagnostic[] = [];
  const laidOut = layOut(lines.text, tokens, directivesEnd);
  const pieces = laidOut.map(({ piece, site }): Piece => {
    const node = site && nodes.next().value;
    if (site === undefined || node === undefined) return piece;
    const instruction = readSite({ lines, escapeChar, diagnostics }, site, node);
    return instruction === undefined ? piece : { ...piece, instruction: instructions.push(instruction) - 1 };
  });
  return { instructions, pieces, diagnostics, statements: laidOut.flatMap(({ site }) => site?.statement ?? []) };
}

interface Surroundings {
  readonly lines: LineIndex;
  readonly escapeChar: EscapeChar;
  readonly diagnostics: Diagnostic[];
}

function readSite(around: Surroundings, site: Site, node: InstructionCstNode): Instruction | undefined {
  around.diagnostics.push(...statementProblems(around.lines, site.statement));
  return visitInstruction(node, { ...around, ...site, clause: site.statement.clause });
}
