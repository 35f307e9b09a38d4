import { listWordEnd, skipListSpace, skipSpace, trimmedEnd } from './blanks.ts';
import { type HeredocText, readHeredocs } from './heredoc.ts';
import type { InstructionKind } from './instruction.ts';
import { readJsonForm } from './json-form.ts';
import { type EscapeChar, type LogicalLine, readLogicalLine } from './logical-line.ts';
import { flagEnd, type Range } from './words.ts';

/** Every instruction of the language. */
export const INSTRUCTION_KINDS: readonly InstructionKind[] = [
  'FROM',
  'RUN',
  'COPY',
  'ADD',
  'ENV',
  'LABEL',
  'ARG',
  'CMD',
  'ENTRYPOINT',
  'SHELL',
  'EXPOSE',
  'VOLUME',
  'USER',
  'WORKDIR',
  'STOPSIGNAL',
  'MAINTAINER',
  'HEALTHCHECK',
  'ONBUILD',
];

/** A keyword in a logical line, the flags behind it and the place where the arguments start. */
export interface Clause {
  readonly keyword: Range;
  /** Absent for a keyword that is none. */
  readonly kind: InstructionKind | undefined;
  /** A bare `--`, which ends the flags, is the last of them. */
  readonly flags: readonly Range[];
  readonly argumentsAt: number;
}

/** An instruction as the lexer needs to know it before it cuts tokens: its extent, and how its line is divided. */
export interface Statement {
  readonly line: LogicalLine;
  /** End of the logical text without trailing white space. */
  readonly to: number;
  readonly clause: Clause;
  /** The instruction behind ONBUILD. */
  readonly trigger: Clause | undefined;
  readonly heredocs: readonly HeredocText[];
  /** Offset in the file behind the last raw line, terminators of heredocs included. */
  readonly end: number;
}

export function readStatement(file: string, start: number, escapeChar: EscapeChar): Statement {
  const line = readLogicalLine(file, start, escapeChar);
  const to = trimmedEnd(line.text);
  const clause = readClause(line.text, Math.min(skipSpace(line.text, 0), to), to, escapeChar);
  const trigger = clause.kind === 'ONBUILD' ? readClause(line.text, clause.argumentsAt, to, escapeChar) : undefined;
  const heredocs = takesHeredocs(line.text, trigger ?? clause, to)
    ? readHeredocs(file, line, (trigger ?? clause).argumentsAt, to)
    : [];
  return { line, to, clause, trigger, heredocs, end: heredocs.at(-1)?.end ?? line.end };
}

function readClause(text: string, from: number, to: number, escapeChar: EscapeChar): Clause {
  const keyword = { start: from, end: Math.min(listWordEnd(text, from), to) };
  const word = text.slice(keyword.start, keyword.end).toUpperCase();
  const kind = INSTRUCTION_KINDS.find((candidate) => candidate === word);
  const afterKeyword = Math.min(skipListSpace(text, keyword.end), to);
  const flags = kind === undefined ? [] : readFlags(text, afterKeyword, to, escapeChar);
  const argumentsAt = Math.min(skipSpace(text, flags.at(-1)?.end ?? afterKeyword), to);
  return { keyword, kind, flags, argumentsAt };
}

function readFlags(text: string, from: number, to: number, escapeChar: EscapeChar): readonly Range[] {
  const flags: Range[] = [];
  for (let at = skipSpace(text, from); at < to && text.startsWith('--', at); at = skipSpace(text, at)) {
    const end = flagEnd(text, at, to, escapeChar);
    flags.push({ start: at, end });
    if (text.slice(at, end) === '--') break;
    at = end;
  }
  return flags;
}

function takesHeredocs(text: string, { kind, argumentsAt }: Clause, to: number): boolean {
  const allowed = kind === 'RUN' || kind === 'COPY' || kind === 'ADD';
  return allowed && readJsonForm(text, argumentsAt, to) === undefined;
}
