/** A place in a text: `offset` in UTF-16 units from 0, `line` and `column` from 1. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** A half-open range of a text, `end` not included. */
export interface SourceSpan {
  readonly start: Position;
  readonly end: Position;
}

/** A text with the name under which people know it, for messages with an excerpt. */
export interface SourceText {
  readonly name: string;
  readonly text: string;
}
