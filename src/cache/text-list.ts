/** Characters of a piece, about. */
const PIECE = 16 * 1024;

/**
 * Many texts in few pieces of memory, each text behind its length in bytes and a colon, as a key frames them: 100,000 of
 * them are no objects. They are read in their order, and become strings only then.
 */
export class TextList implements Iterable<string> {
  readonly length: number;
  /** Each begins with the frame of a text and ends with a text. */
  readonly pieces: readonly Buffer[];

  constructor(length: number, pieces: readonly Buffer[]) {
    this.length = length;
    this.pieces = pieces;
  }

  /** Bytes of all frames. */
  get size(): number {
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  *[Symbol.iterator](): Generator<string, void> {
    for (const texts of this.batches()) yield* texts;
  }

  /** The texts, some hundred at a time. */
  *batches(): Generator<readonly string[], void> {
    for (const piece of this.pieces) yield textsOf(piece);
  }

  toJSON(): readonly string[] {
    return [...this];
  }
}

/** Puts a {@link TextList} together. */
export class TextListWriter {
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #piece = '';

  add(text: string): void {
    this.#length++;
    this.#piece += frame(text);
    if (this.#piece.length >= PIECE) this.#endPiece();
  }

  finish(): TextList {
    if (this.#piece !== '') this.#endPiece();
    return new TextList(this.#length, this.#pieces);
  }

  #endPiece(): void {
    this.#pieces.push(Buffer.from(this.#piece));
    this.#piece = '';
  }
}

/** A text behind its length, so that no two lists of texts are equal when they are put together. */
export function frame(text: string): string {
  return `${Buffer.byteLength(text)}:${text}`;
}

function textsOf(piece: Buffer): string[] {
  const whole = piece.toString();
  // Where every character is one byte, a text is a part of the whole.
  return whole.length === piece.length
    ? split(piece, (start, end) => whole.slice(start, end))
    : split(piece, (start, end) => piece.toString('utf8', start, end));
}

const COLON = 0x3a;
const ZERO = 0x30;

function split(piece: Buffer, text: (start: number, end: number) => string): string[] {
  const texts: string[] = [];
  for (let at = 0; at < piece.length; ) {
    let length = 0;
    for (; piece[at] !== COLON; at++) length = length * 10 + (piece[at] ?? ZERO) - ZERO;
    const start = at + 1;
    at = start + length;
    texts.push(text(start, at));
  }
  return texts;
}
