import type { Diagnostic } from '../core/errors.ts';
import type { SourceText } from '../core/span.ts';
import type { Instruction, Word } from './instruction.ts';

/** Parser directives (reference, section 2). */
export interface Directives {
  readonly escape: '\\' | '`';
  readonly syntax?: Word;
  readonly check?: Word;
}

/** What {@link parse} makes of a text: all of it, also when parts are wrong. */
export interface Dockerfile {
  readonly source: SourceText;
  readonly directives: Directives;
  readonly instructions: readonly Instruction[];
  /** In the order of the text. With an `error` among them the instructions must not be executed. */
  readonly diagnostics: readonly Diagnostic[];
  /** The text in pieces, every byte kept: what {@link print} joins. */
  readonly pieces: readonly Piece[];
}

/** A run of raw text: an instruction with all its lines, or what stands between instructions. */
export interface Piece {
  readonly kind: 'instruction' | 'comment' | 'blank' | 'directive' | 'bom';
  readonly text: string;
  /** Index into `instructions`, for a piece of kind `instruction` that parsed. */
  readonly instruction?: number;
}
