import { OptionError } from '../core/errors.ts';
import type { Dockerfile, Piece } from './dockerfile.ts';
import { parse } from './parse.ts';

/** Replaces a half-open range of the text. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The Dockerfile with a part of its text replaced, read anew. New lines get the line ending of the file.
 * @throws OptionError `OPTION_BAD_EDIT` when the new part is no complete instruction, or changes what is around it
 */
export function replaceRange(dockerfile: Dockerfile, replacement: Replacement): Dockerfile {
  const { name, text } = dockerfile.source;
  const { start, end } = replacement;
  const edited = parse(text.slice(0, start) + withLineEndings(replacement.text, dockerfile) + text.slice(end), {
    name,
  });
  const { before, after } = piecesAround(dockerfile, replacement);
  const within = edited.pieces.slice(before.length, edited.pieces.length - after.length);
  const kept =
    samePieces(before, edited.pieces.slice(0, before.length)) &&
    samePieces(after, after.length === 0 ? [] : edited.pieces.slice(-after.length));
  if (!kept || within.some(({ kind }) => kind === 'directive' || kind === 'bom'))
    throw badEdit(replacement.text, 'it changes what is around it');
  if (within.some(({ kind, instruction }) => kind === 'instruction' && instruction === undefined)) {
    throw badEdit(replacement.text, firstError(edited) ?? 'it is no instruction');
  }
  return edited;
}

/** `\r\n` where the first line of the file ends so. */
export function lineEndingOf({ source: { text } }: Dockerfile): string {
  return /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n';
}

export function badEdit(text: string, why: string): OptionError {
  return new OptionError('OPTION_BAD_EDIT', `${JSON.stringify(text)} cannot be put there: ${why}`, {
    hint: 'give whole instructions, without a directive, without an open continuation or heredoc at the end',
  });
}

/** Offset of the start of each piece, and of the end. */
export function pieceStarts({ pieces }: Dockerfile): readonly number[] {
  const starts = [0];
  for (const { text } of pieces) starts.push((starts.at(-1) ?? 0) + text.length);
  return starts;
}

function withLineEndings(text: string, dockerfile: Dockerfile): string {
  return text.replace(/\r?\n/g, lineEndingOf(dockerfile));
}

/** Pieces that a replacement does not touch. */
function piecesAround(
  dockerfile: Dockerfile,
  { start, end }: Replacement,
): { readonly before: readonly Piece[]; readonly after: readonly Piece[] } {
  const starts = pieceStarts(dockerfile);
  return {
    before: dockerfile.pieces.filter((_, index) => (starts[index + 1] ?? 0) <= start),
    after: dockerfile.pieces.filter((_, index) => (starts[index] ?? 0) >= end && (starts[index + 1] ?? 0) > start),
  };
}

function samePieces(a: readonly Piece[], b: readonly Piece[]): boolean {
  return a.length === b.length && a.every((piece, index) => samePiece(piece, b[index]));
}

function samePiece(a: Piece, b: Piece | undefined): boolean {
  return a.kind === b?.kind && a.text === b.text && (a.instruction === undefined) === (b.instruction === undefined);
}

function firstError({ diagnostics }: Dockerfile): string | undefined {
  return diagnostics.find(({ severity }) => severity === 'error')?.message;
}
