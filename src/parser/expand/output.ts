import { PlanError } from '../../core/errors.ts';

/** An `ENV a=$a$a` repeated must end in an error, not in a full memory. */
const MAX_LENGTH = 8 * 1024 * 1024;

/** Where the scanner writes. Only `plain` text is split into words, by an output that splits. */
export interface Output {
  plain(text: string): void;
  quoted(text: string): void;
}

export class TextOutput implements Output {
  text = '';

  plain(text: string): void {
    this.text = limited(this.text + limited(text));
  }

  quoted(text: string): void {
    this.plain(text);
  }
}

/** Splits plain text at white space; empty words are dropped, also quoted ones. */
export class WordsOutput implements Output {
  readonly #words: string[] = [];
  readonly #word = new TextOutput();

  plain(text: string): void {
    for (const [index, part] of text.split(/\s+/u).entries()) {
      if (index > 0) this.#endWord();
      this.#word.plain(part);
    }
  }

  quoted(text: string): void {
    this.#word.quoted(text);
  }

  words(): string[] {
    this.#endWord();
    return this.#words;
  }

  #endWord(): void {
    if (this.#word.text !== '') this.#words.push(this.#word.text);
    this.#word.text = '';
  }
}

/** @throws PlanError `PLAN_EXPANSION_TOO_LONG` */
export function limited(text: string): string {
  if (text.length <= MAX_LENGTH) return text;
  throw new PlanError('PLAN_EXPANSION_TOO_LONG', `variable expansion gives more than ${MAX_LENGTH} characters`, {
    hint: 'a variable that contains itself twice doubles with every line',
  });
}
