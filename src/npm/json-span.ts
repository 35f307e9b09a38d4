import type { Position, SourceSpan } from '../core/span.ts';

/** Text in quotes, punctuation, or a word such as `true` or `1`. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gy;
const SPACE = /\s*/y;

/**
 * Where the value at a path of names stands in a JSON text that is known to be valid; of a name that is there twice the last
 * one, as `JSON.parse` has it. `undefined` when it is not there.
 */
export function jsonSpan(text: string, path: readonly string[]): SourceSpan | undefined {
  const found = new Reader(text).value(path);
  return found && { start: positionAt(text, found.start), end: positionAt(text, found.end) };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads one value; gives what is at `path` in it. */
  value(path: readonly string[] | undefined): Range | undefined {
    const first = this.#token();
    const inside = first.text === '{' ? this.#members(path) : first.text === '[' ? this.#items() : undefined;
    return path?.length === 0 ? { start: first.start, end: this.#at } : inside;
  }

  #members(path: readonly string[] | undefined): Range | undefined {
    let found: Range | undefined;
    for (let token = this.#token(); token.text !== '}' && token.text !== ''; token = this.#token()) {
      if (token.text === ',') continue;
      const isWanted = path !== undefined && JSON.parse(token.text) === path[0];
      this.#token();
      const inside = this.value(isWanted ? path.slice(1) : undefined);
      if (isWanted) found = inside;
    }
    return found;
  }

  #items(): undefined {
    for (;;) {
      const before = this.#at;
      const { text } = this.#token();
      if (text === ']' || text === '') return undefined;
      if (text === ',') continue;
      this.#at = before;
      this.value(undefined);
    }
  }

  #token(): Range & { readonly text: string } {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    const start = SPACE.lastIndex;
    TOKEN.lastIndex = start;
    const text = TOKEN.exec(this.#text)?.[0] ?? '';
    this.#at = start + text.length;
    return { text, start, end: this.#at };
  }
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { offset, line: before.split('\n').length, column: offset - lineStart + 1 };
}
