import { skipListSpace, skipSpace } from './blanks.ts';
import type { HeredocText } from './heredoc.ts';
import { type EscapeChar, logicalOffset, rawEnd, rawStart } from './logical-line.ts';
import { type Clause, readStatement, type Statement } from './statement.ts';
import type { Range } from './words.ts';

/**
 * Where the lexer stands in a file. Patterns ask it in offsets of the logical line and answer in offsets of the file,
 * so that a token may run over a continuation.
 */
export class Cursor {
  readonly file: string;
  readonly #escapeChar: EscapeChar;
  /** Offset in the file. */
  offset = 0;
  #statement: Statement | undefined;
  #clause: Clause | undefined;
  #argumentsAt = 0;
  #flagsTaken = 0;
  #heredocsNamed = 0;
  #heredocsRead = 0;

  constructor(file: string, escapeChar: EscapeChar) {
    this.file = file;
    this.#escapeChar = escapeChar;
  }

  /** The instruction that the cursor is in; at the start of a line, the one that begins there. */
  statement(): Statement {
    if (this.#statement === undefined || this.offset >= this.#statement.line.end) {
      this.#statement = readStatement(this.file, this.offset, this.#escapeChar);
      this.#heredocsNamed = 0;
      this.#heredocsRead = 0;
    }
    return this.#statement;
  }

  /** The clause whose keyword starts here. */
  clause(): Clause | undefined {
    const { clause, trigger } = this.statement();
    if (this.rawStart(clause.keyword.start) === this.offset) return clause;
    return trigger !== undefined && this.rawStart(trigger.keyword.start) === this.offset ? trigger : undefined;
  }

  enterClause(clause: Clause): void {
    this.#clause = clause;
    this.#argumentsAt = clause.argumentsAt;
    this.#flagsTaken = 0;
  }

  /** Offset in the logical line. */
  at(): number {
    return logicalOffset(this.statement().line, this.offset);
  }

  isAtArguments(): boolean {
    return this.at() === this.#argumentsAt && this.#argumentsAt < this.statement().to;
  }

  /** From here on the arguments begin behind the white space at `at`. */
  moveArguments(at: number): void {
    this.#argumentsAt = skipSpace(this.statement().line.text, at);
  }

  /** The flag that starts here. */
  flag(): Range | undefined {
    const flag = this.#clause?.flags[this.#flagsTaken];
    return flag !== undefined && flag.start === this.at() ? flag : undefined;
  }

  takeFlag(): void {
    this.#flagsTaken++;
  }

  /** The `<<NAME` that starts here. */
  heredocWord(): Range | undefined {
    const at = this.at();
    const { heredocs } = this.statement();
    while ((heredocs[this.#heredocsNamed]?.word.start ?? at) < at) this.#heredocsNamed++;
    const word = heredocs[this.#heredocsNamed]?.word;
    return word?.start === at ? word : undefined;
  }

  /** The heredoc whose body or terminator is to be read next, when the line that announced it is over. */
  heredoc(): HeredocText | undefined {
    const heredoc = this.#statement?.heredocs[this.#heredocsRead];
    return heredoc !== undefined && this.offset >= heredoc.bodyStart ? heredoc : undefined;
  }

  endHeredoc(): void {
    this.#heredocsRead++;
  }

  /** Where the next flag or argument starts, in the logical line. */
  nextWord(separator: 'space' | 'list-space'): number {
    const at = this.at();
    if (at < this.#argumentsAt) return this.#clause?.flags[this.#flagsTaken]?.start ?? this.#argumentsAt;
    const { text } = this.statement().line;
    return separator === 'space' ? skipSpace(text, at) : skipListSpace(text, at);
  }

  rawStart(offset: number): number {
    return rawStart(this.statement().line, offset);
  }

  rawEnd(offset: number): number {
    return rawEnd(this.statement().line, offset);
  }
}
