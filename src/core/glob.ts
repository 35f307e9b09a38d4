import { PlanError } from './errors.ts';

/** A piece of a pattern in the syntax of Go's `filepath.Match`. */
export type GlobToken =
  /** One character. */
  | { readonly kind: 'literal'; readonly text: string }
  /** `?` */
  | { readonly kind: 'any' }
  /** `*` */
  | { readonly kind: 'star' }
  | CharacterClass;

/** `[a-z]` or `[^a-z]`: pairs of first and last code point. */
export interface CharacterClass {
  readonly kind: 'class';
  readonly negated: boolean;
  readonly ranges: readonly (readonly [first: number, last: number])[];
}

/** @throws PlanError `PLAN_BAD_PATTERN` for what Go calls a syntax error in pattern. */
export function parseGlob(pattern: string): GlobToken[] {
  return new GlobReader(pattern).tokens();
}

export function badPattern(pattern: string, why: string): PlanError {
  return new PlanError('PLAN_BAD_PATTERN', `invalid pattern ${JSON.stringify(pattern)}: ${why}`, {
    hint: 'escape a special character with \\ or put it in a class, as in [[]',
  });
}

class GlobReader {
  readonly #pattern: string;
  readonly #characters: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#characters = Array.from(pattern);
  }

  tokens(): GlobToken[] {
    const tokens: GlobToken[] = [];
    while (this.#at < this.#characters.length) tokens.push(this.#token());
    return tokens;
  }

  #token(): GlobToken {
    const character = this.#next();
    if (character === '*') return { kind: 'star' };
    if (character === '?') return { kind: 'any' };
    if (character === '[') return this.#class();
    return { kind: 'literal', text: character === '\\' ? this.#escaped() : character };
  }

  #class(): CharacterClass {
    const negated = this.#skip('^');
    const ranges: [number, number][] = [];
    while (ranges.length === 0 || !this.#skip(']')) {
      const first = this.#bound();
      ranges.push([first, this.#skip('-') ? this.#bound() : first]);
    }
    return { kind: 'class', negated, ranges };
  }

  /** End of a range; `-` and `]` stand for themselves only when escaped. */
  #bound(): number {
    const character = this.#next();
    if (character === '-' || character === ']') throw badPattern(this.#pattern, `unexpected ${character} in a class`);
    return (character === '\\' ? this.#escaped() : character).codePointAt(0) ?? 0;
  }

  #escaped(): string {
    return this.#next('it ends in a \\ that escapes nothing');
  }

  #skip(character: string): boolean {
    const found = this.#characters[this.#at] === character;
    if (found) this.#at++;
    return found;
  }

  #next(otherwise = 'missing ]'): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw badPattern(this.#pattern, otherwise);
    return character;
  }
}
