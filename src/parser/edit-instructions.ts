import { OptionError } from '../core/errors.ts';
import type { Dockerfile, Piece } from './dockerfile.ts';
import { badEdit, lineEndingOf, pieceStarts, replaceRange } from './edit.ts';
import type { Instruction } from './instruction.ts';

/**
 * The Dockerfile with one instruction replaced by another; indentation, comments and line ending stay.
 * @throws OptionError `OPTION_BAD_EDIT`, `OPTION_NO_INSTRUCTION`
 *
 * @example print(replaceInstruction(parse('FROM a\nRUN b\n'), 1, 'RUN c')) // 'FROM a\nRUN c\n'
 */
export function replaceInstruction(dockerfile: Dockerfile, index: number, text: string): Dockerfile {
  const { span } = instructionOf(dockerfile, index);
  const edited = replaceRange(dockerfile, { start: span.start.offset, end: span.end.offset, text: text.trim() });
  return withCount(edited, dockerfile.instructions.length, text);
}

/**
 * The Dockerfile with instructions added above one, and above the comment lines that stand directly on it.
 * @throws OptionError `OPTION_BAD_EDIT`, `OPTION_NO_INSTRUCTION`
 */
export function insertBefore(dockerfile: Dockerfile, index: number, text: string): Dockerfile {
  let piece = pieceOf(dockerfile, index);
  while (dockerfile.pieces[piece - 1]?.kind === 'comment') piece--;
  const at = pieceStarts(dockerfile)[piece] ?? 0;
  return replaceRange(dockerfile, { start: at, end: at, text: `${requireText(text)}\n` });
}

/**
 * The Dockerfile with instructions added below one.
 * @throws OptionError `OPTION_BAD_EDIT`, `OPTION_NO_INSTRUCTION`
 *
 * @example print(insertAfter(parse('FROM a\nCMD ["b"]\n'), 0, 'RUN c')) // 'FROM a\nRUN c\nCMD ["b"]\n'
 */
export function insertAfter(dockerfile: Dockerfile, index: number, text: string): Dockerfile {
  const piece = pieceOf(dockerfile, index);
  const [start = 0, end = 0] = pieceStarts(dockerfile).slice(piece);
  const own = dockerfile.pieces[piece]?.text ?? '';
  if (own.endsWith('\n')) return replaceRange(dockerfile, { start: end, end, text: `${requireText(text)}\n` });
  // The last line of the file has no ending yet: its piece changes too.
  const joined = replaceRange(dockerfile, { start, end, text: `${own}\n${requireText(text)}` });
  if (joined.pieces[piece]?.text === own + lineEndingOf(dockerfile)) return joined;
  throw badEdit(text, 'it becomes part of the instruction above');
}

/**
 * The Dockerfile without the lines of an instruction. Its comments stay, and are then the next one's.
 * @throws OptionError `OPTION_BAD_EDIT` when a comment would become a directive; `OPTION_NO_INSTRUCTION`
 */
export function removeInstruction(dockerfile: Dockerfile, index: number): Dockerfile {
  const [start = 0, end = 0] = pieceStarts(dockerfile).slice(pieceOf(dockerfile, index));
  return replaceRange(dockerfile, { start, end, text: '' });
}

export function instructionOf(dockerfile: Dockerfile, index: number): Instruction {
  const instruction = dockerfile.instructions[index];
  if (instruction === undefined) throw noInstruction(dockerfile, index);
  return instruction;
}

function pieceOf(dockerfile: Dockerfile, index: number): number {
  const piece = dockerfile.pieces.findIndex(({ instruction }: Piece) => instruction === index);
  if (piece < 0) throw noInstruction(dockerfile, index);
  return piece;
}

function noInstruction({ instructions }: Dockerfile, index: number): OptionError {
  return new OptionError('OPTION_NO_INSTRUCTION', `there is no instruction ${index}`, {
    hint: `instructions are counted from 0; there are ${instructions.length}`,
  });
}

function requireText(text: string): string {
  const trimmed = text.replace(/^\s+|[\r\n]+$/g, '');
  if (trimmed === '') throw badEdit(text, 'there is nothing in it');
  return trimmed;
}

function withCount(edited: Dockerfile, count: number, text: string): Dockerfile {
  if (edited.instructions.length !== count) throw badEdit(text, 'it is not exactly one instruction');
  return edited;
}
