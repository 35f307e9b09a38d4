import type { Dockerfile } from './dockerfile.ts';
import type { Instruction, InstructionKind } from './instruction.ts';
import { flagTexts, isJson, rawArguments } from './raw-arguments.ts';

export interface ParseJson {
  readonly escape: string;
  readonly instructions: readonly InstructionJson[];
  readonly warnings: readonly { readonly rule: string; readonly line: number }[];
}

export interface InstructionJson {
  readonly keyword: InstructionKind;
  readonly flags: readonly string[];
  readonly args: readonly string[];
  readonly json: boolean;
  readonly heredocs: readonly HeredocJson[];
  readonly startLine: number;
  readonly endLine: number;
  /** Of ONBUILD. */
  readonly child?: InstructionJson;
}

export interface HeredocJson {
  readonly name: string;
  readonly content: string;
  readonly expand: boolean;
  readonly chomp: boolean;
  readonly fd: number;
}

/** What `lamella parse --json` prints. */
export function toParseJson(dockerfile: Dockerfile): ParseJson {
  const warnings = dockerfile.diagnostics.filter(({ severity }) => severity === 'warning');
  return {
    escape: dockerfile.directives.escape,
    instructions: dockerfile.instructions.map(toInstructionJson),
    warnings: warnings.map(({ code, span }) => ({ rule: code, line: span.start.line })),
  };
}

function toInstructionJson(instruction: Instruction): InstructionJson {
  return {
    keyword: instruction.kind,
    flags: flagTexts(instruction),
    args: rawArguments(instruction),
    json: isJson(instruction),
    heredocs: instruction.heredocs.map(({ name, content, expand, chomp, fileDescriptor }) => {
      return { name, content, expand, chomp, fd: fileDescriptor };
    }),
    startLine: instruction.span.start.line,
    endLine: instruction.span.end.line,
    ...(instruction.kind === 'ONBUILD' && { child: toInstructionJson(instruction.instruction) }),
  };
}
